// decode(encode(x)) == x, member by member: an encoder that forgets a member is seen here.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/mqtt/auth.h"
#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/disconnect.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/subscribe.h"
#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

std::string Block(std::string_view name) {
  std::string block;
  AppendUserProperty(&block, name, "1");
  AppendUserProperty(&block, name, "2");
  return block;
}

void ExpectSame(const UserProperties& a, const UserProperties& b) {
  const auto list = [](const UserProperties& properties) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const Property& p : properties) pairs.emplace_back(p.text, p.value);
    return pairs;
  };
  EXPECT_EQ(list(a), list(b));
  EXPECT_FALSE(list(a).empty());
}

TEST(RoundTripTest, Publish) {
  const std::string block = Block("p");
  PublishView in;
  in.topic = "a/b";
  in.payload = "payload";
  in.packet_id = 513;
  in.qos = 2;
  in.retain = true;
  in.dup = true;
  in.payload_is_utf8 = true;
  in.topic_alias = 3;
  in.message_expiry_s = 70'000;
  in.content_type = "application/json";
  in.response_topic = "r";
  in.correlation_data = "\xff";
  in.subscription_id = 200;
  in.user_properties = UserProperties(block);
  const std::string packet =
      Encoded([&](std::span<char> out) { return EncodePublish(Version::k5, in, out); });
  const Frame frame = NextFrame(packet, packet.size());
  const auto out = DecodePublish(Version::k5, Sender::kServer, frame.flags, frame.body);
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->topic, in.topic);
  EXPECT_EQ(out->payload, in.payload);
  EXPECT_EQ(out->packet_id, in.packet_id);
  EXPECT_EQ(out->qos, in.qos);
  EXPECT_EQ(out->retain, in.retain);
  EXPECT_EQ(out->dup, in.dup);
  EXPECT_EQ(out->payload_is_utf8, in.payload_is_utf8);
  EXPECT_EQ(out->topic_alias, in.topic_alias);
  EXPECT_EQ(out->message_expiry_s, in.message_expiry_s);
  EXPECT_EQ(out->content_type, in.content_type);
  EXPECT_EQ(out->response_topic, in.response_topic);
  EXPECT_EQ(out->correlation_data, in.correlation_data);
  EXPECT_EQ(out->subscription_id, in.subscription_id);
  ExpectSame(out->user_properties, in.user_properties);
}

WillView FullWill(std::string_view block) {
  WillView will;
  will.topic = "will";
  will.payload = "bye";
  will.qos = 1;
  will.retain = true;
  will.delay_s = 5;
  will.payload_is_utf8 = true;
  will.message_expiry_s = 6;
  will.content_type = "text/plain";
  will.response_topic = "r";
  will.correlation_data = "c";
  will.user_properties = UserProperties(block);
  return will;
}

TEST(RoundTripTest, Connect) {
  const std::string block = Block("c");
  const std::string will_block = Block("w");
  ConnectView in;
  in.version = Version::k5;
  in.clean_start = false;
  in.keep_alive_s = 513;
  in.client_id = "dev";
  in.will = FullWill(will_block);
  in.user_name = "u";
  in.password = "\xff";
  in.session_expiry_s = 0xffffffff;
  in.receive_maximum = 10;
  in.maximum_packet_size = 70'000;
  in.topic_alias_maximum = 7;
  in.request_response_information = true;
  in.request_problem_information = false;
  in.authentication_method = "m";
  in.authentication_data = "d";
  in.user_properties = UserProperties(block);
  const std::string packet = Encoded([&](std::span<char> out) { return EncodeConnect(in, out); });
  const auto out = DecodeConnect(BodyOf(packet));
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->version, in.version);
  EXPECT_EQ(out->clean_start, in.clean_start);
  EXPECT_EQ(out->keep_alive_s, in.keep_alive_s);
  EXPECT_EQ(out->client_id, in.client_id);
  EXPECT_EQ(out->user_name, in.user_name);
  EXPECT_EQ(out->password, in.password);
  EXPECT_EQ(out->session_expiry_s, in.session_expiry_s);
  EXPECT_EQ(out->receive_maximum, in.receive_maximum);
  EXPECT_EQ(out->maximum_packet_size, in.maximum_packet_size);
  EXPECT_EQ(out->topic_alias_maximum, in.topic_alias_maximum);
  EXPECT_EQ(out->request_response_information, in.request_response_information);
  EXPECT_EQ(out->request_problem_information, in.request_problem_information);
  EXPECT_EQ(out->authentication_method, in.authentication_method);
  EXPECT_EQ(out->authentication_data, in.authentication_data);
  ExpectSame(out->user_properties, in.user_properties);
  ASSERT_TRUE(out->will.has_value());
  EXPECT_EQ(out->will->topic, in.will->topic);
  EXPECT_EQ(out->will->payload, in.will->payload);
  EXPECT_EQ(out->will->qos, in.will->qos);
  EXPECT_EQ(out->will->retain, in.will->retain);
  EXPECT_EQ(out->will->delay_s, in.will->delay_s);
  EXPECT_EQ(out->will->payload_is_utf8, in.will->payload_is_utf8);
  EXPECT_EQ(out->will->message_expiry_s, in.will->message_expiry_s);
  EXPECT_EQ(out->will->content_type, in.will->content_type);
  EXPECT_EQ(out->will->response_topic, in.will->response_topic);
  EXPECT_EQ(out->will->correlation_data, in.will->correlation_data);
  ExpectSame(out->will->user_properties, in.will->user_properties);
}

TEST(RoundTripTest, Connack) {
  const std::string block = Block("c");
  ConnackView in;
  in.session_present = true;
  in.session_expiry_s = 5;
  in.receive_maximum = 10;
  in.maximum_qos = 1;
  in.retain_available = false;
  in.maximum_packet_size = 70'000;
  in.assigned_client_id = "id";
  in.topic_alias_maximum = 7;
  in.reason_string = "why";
  in.wildcard_subscription_available = false;
  in.subscription_ids_available = false;
  in.shared_subscription_available = false;
  in.server_keep_alive_s = 60;
  in.response_information = "i";
  in.server_reference = "s";
  in.authentication_method = "m";
  in.authentication_data = "d";
  in.user_properties = UserProperties(block);
  const std::string packet =
      Encoded([&](std::span<char> out) { return EncodeConnack(Version::k5, in, out); });
  const auto out = DecodeConnack(Version::k5, BodyOf(packet));
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->session_present, in.session_present);
  EXPECT_EQ(out->session_expiry_s, in.session_expiry_s);
  EXPECT_EQ(out->receive_maximum, in.receive_maximum);
  EXPECT_EQ(out->maximum_qos, in.maximum_qos);
  EXPECT_EQ(out->retain_available, in.retain_available);
  EXPECT_EQ(out->maximum_packet_size, in.maximum_packet_size);
  EXPECT_EQ(out->assigned_client_id, in.assigned_client_id);
  EXPECT_EQ(out->topic_alias_maximum, in.topic_alias_maximum);
  EXPECT_EQ(out->reason_string, in.reason_string);
  EXPECT_EQ(out->wildcard_subscription_available, in.wildcard_subscription_available);
  EXPECT_EQ(out->subscription_ids_available, in.subscription_ids_available);
  EXPECT_EQ(out->shared_subscription_available, in.shared_subscription_available);
  EXPECT_EQ(out->server_keep_alive_s, in.server_keep_alive_s);
  EXPECT_EQ(out->response_information, in.response_information);
  EXPECT_EQ(out->server_reference, in.server_reference);
  EXPECT_EQ(out->authentication_method, in.authentication_method);
  EXPECT_EQ(out->authentication_data, in.authentication_data);
  ExpectSame(out->user_properties, in.user_properties);
}

TEST(RoundTripTest, DisconnectAndAuth) {
  const std::string block = Block("d");
  DisconnectView disconnect;
  disconnect.reason = Reason::kDisconnectWithWill;
  disconnect.session_expiry_s = 9;
  disconnect.reason_string = "why";
  disconnect.user_properties = UserProperties(block);
  const std::string packet =
      Encoded([&](std::span<char> out) { return EncodeDisconnect(Version::k5, disconnect, out); });
  const auto decoded = DecodeDisconnect(Version::k5, Sender::kClient, BodyOf(packet));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->reason, disconnect.reason);
  EXPECT_EQ(decoded->session_expiry_s, disconnect.session_expiry_s);
  EXPECT_EQ(decoded->reason_string, disconnect.reason_string);
  ExpectSame(decoded->user_properties, disconnect.user_properties);

  DisconnectView moved;
  moved.reason = Reason::kServerMoved;
  moved.server_reference = "other";
  const std::string moved_packet =
      Encoded([&](std::span<char> out) { return EncodeDisconnect(Version::k5, moved, out); });
  EXPECT_EQ(DecodeDisconnect(Version::k5, Sender::kServer, BodyOf(moved_packet))->server_reference,
            "other");

  AuthView auth;
  auth.reason = Reason::kReauthenticate;
  auth.method = "m";
  auth.data = "d";
  auth.reason_string = "why";
  auth.user_properties = UserProperties(block);
  const std::string auth_packet =
      Encoded([&](std::span<char> out) { return EncodeAuth(auth, out); });
  const auto auth_out = DecodeAuth(Sender::kClient, BodyOf(auth_packet));
  ASSERT_TRUE(auth_out.ok());
  EXPECT_EQ(auth_out->reason, auth.reason);
  EXPECT_EQ(auth_out->method, auth.method);
  EXPECT_EQ(auth_out->data, auth.data);
  EXPECT_EQ(auth_out->reason_string, auth.reason_string);
  ExpectSame(auth_out->user_properties, auth.user_properties);
}

TEST(RoundTripTest, Subscribe) {
  const std::string block = Block("s");
  const std::vector<Subscription> in = {{"a/#", 2, true, true, 2},
                                        {"$share/g/b", 1, false, false, 1}};
  const std::string packet = Encoded([&](std::span<char> out) {
    return EncodeSubscribe(Version::k5, 513, in, out, 200, UserProperties(block));
  });
  const auto out = DecodeSubscribe(Version::k5, BodyOf(packet));
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->packet_id, 513);
  EXPECT_EQ(out->subscription_id, 200u);
  ExpectSame(out->user_properties, UserProperties(block));
  size_t i = 0;
  for (const Subscription& subscription : out->subscriptions) {
    ASSERT_LT(i, in.size());
    EXPECT_EQ(subscription.filter, in[i].filter);
    EXPECT_EQ(subscription.qos, in[i].qos);
    EXPECT_EQ(subscription.no_local, in[i].no_local);
    EXPECT_EQ(subscription.retain_as_published, in[i].retain_as_published);
    EXPECT_EQ(subscription.retain_handling, in[i].retain_handling);
    ++i;
  }
  EXPECT_EQ(i, in.size());
}

}  // namespace
}  // namespace sluice::mqtt
