// A record as a line of JSON, in the shape of message lines with two members more: `id` and
// `output`.
//
// What it says can be read again by lines::ParseMessageLine: body and properties come back as they
// were.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/pipeline/device_properties.h"
#include "gateway/spool/record.h"

namespace sluice::pipeline {

class RecordLineWriter {
 public:
  // `epoch` names the process: with the record's number it is the message's id.
  RecordLineWriter(std::string_view epoch, std::string_view output);

  // Appends the line with its line feed. A record of an earlier process has that one's epoch. With
  // `reason` it is a member more: why the record goes no further.
  void Append(const spool::RecordView& record, std::string* out, std::string_view reason = {});

 private:
  void AppendBody(const spool::RecordView& record, std::string* out);
  void AppendProperties(const spool::RecordView& record, std::string* out);

  std::string start_;   // up to the record's number
  std::string output_;  // the member
  std::vector<language::PropertyView> properties_;
  SurvivingProperties survivors_;
};

}  // namespace sluice::pipeline
