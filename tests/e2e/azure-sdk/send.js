// Sends telemetry by Azure's official device SDK and prints one JSON line a message once its PUBACK has come.
//
// Reads one JSON object from standard input:
//   {"connectionString", "ca", "cert", "key", "module": bool, "messages": [{"body", "id", "contentType",
//    "contentEncoding", "properties": {}}]}
// Exit code 0: all acknowledged; 3: the hub refused or closed (the error's name is printed).
'use strict';

const fs = require('fs');
const { Client, ModuleClient, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { NoRetry } = require('azure-iot-common');

function toMessage(given) {
  const message = new Message(given.body);
  if (given.id !== undefined) message.messageId = given.id;
  if (given.contentType !== undefined) message.contentType = given.contentType;
  if (given.contentEncoding !== undefined) message.contentEncoding = given.contentEncoding;
  for (const [name, value] of Object.entries(given.properties || {})) message.properties.add(name, value);
  return message;
}

async function main(request) {
  const Type = request.module ? ModuleClient : Client;
  const client = Type.fromConnectionString(request.connectionString, Mqtt);
  client.setRetryPolicy(new NoRetry());
  const options = { ca: fs.readFileSync(request.ca, 'utf8') };
  if (request.cert) {
    options.cert = fs.readFileSync(request.cert, 'utf8');
    options.key = fs.readFileSync(request.key, 'utf8');
  }
  await client.setOptions(options);
  await client.open();
  for (const given of request.messages) {
    await client.sendEvent(toMessage(given));
    console.log(JSON.stringify({ acknowledged: given.id || null }));
  }
  await client.close();
}

main(JSON.parse(fs.readFileSync(0, 'utf8'))).then(
  () => process.exit(0),
  (error) => {
    console.log(JSON.stringify({ error: error.name, message: error.message }));
    process.exit(3);
  });
