// What the server and the pipelines counted, as families of /metrics.
#pragma once

#include <span>

#include "filters/compile/program.h"
#include "gateway/operate/metrics_page.h"
#include "gateway/pipeline/pipeline.h"
#include "gateway/server/server.h"

namespace sluice::commands {

void AddServerMetrics(const server::ServerCounts& counts, operate::MetricsPage* page);

// Sums all workers' pipelines; they run `program`.
void AddPipelineMetrics(const compile::Program& program,
                        std::span<const pipeline::Pipeline* const> pipelines,
                        operate::MetricsPage* page);

}  // namespace sluice::commands
