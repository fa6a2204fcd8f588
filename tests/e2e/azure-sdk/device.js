// A device, or a module, by Azure's official SDK: prints what the hub tells it, does what standard input says.
//
// The first line of standard input says how to connect: {"connectionString", "ca", "cert", "key", "module": bool}, or
// {"edge": true} for a module by its environment alone. Then a command a line:
//   {"do":"send","body","output"}   telemetry; answered {"sent":true} once its PUBACK has come
//   {"do":"twin"}                   answered {"twin":{"desired","reported"}}
//   {"do":"report","patch":{…}}     answered {"reported":true}
//   {"do":"close"}
// What the hub says is a line, too: {"open":true}, {"message":{…}}, {"input":{…}}, {"desired":{…}}, {"method":{…}}
// (which it answers with 207 and what it was given), {"error":NAME}.
'use strict';

const fs = require('fs');
const readline = require('readline');
const { Client, ModuleClient, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { NoRetry } = require('azure-iot-common');

function say(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

async function connect(how) {
  if (how.edge) return ModuleClient.fromEnvironment(Mqtt);
  const client = (how.module ? ModuleClient : Client).fromConnectionString(how.connectionString, Mqtt);
  const options = { ca: fs.readFileSync(how.ca, 'utf8') };
  if (how.cert) {
    options.cert = fs.readFileSync(how.cert, 'utf8');
    options.key = fs.readFileSync(how.key, 'utf8');
  }
  await client.setOptions(options);
  return client;
}

function describe(message) {
  const properties = {};
  for (let i = 0; i < message.properties.count(); ++i) {
    const { key, value } = message.properties.getItem(i);
    properties[key] = value;
  }
  return { id: message.messageId, body: message.getBytes().toString(), contentType: message.contentType, properties };
}

function listen(client, isModule) {
  const onMethod = (request, response) => {
    say({ method: { name: request.methodName, payload: request.payload } });
    response.send(207, { given: request.payload }, (error) => { if (error) say({ error: error.name }); });
  };
  if (isModule) {
    client.on('inputMessage', (input, message) => {
      client.complete(message, () => say({ input: { name: input, ...describe(message) } }));
    });
    client.onMethod('ping', onMethod);
  } else {
    client.on('message', (message) => client.complete(message, () => say({ message: describe(message) })));
    client.onDeviceMethod('ping', onMethod);
  }
}

function plain(properties) {
  return JSON.parse(JSON.stringify(properties));  // without the SDK's functions
}

async function main() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const how = JSON.parse((await lines.next()).value);
  const client = await connect(how);
  client.setRetryPolicy(new NoRetry());
  const isModule = Boolean(how.module || how.edge);
  await client.open();
  listen(client, isModule);
  const twin = await client.getTwin();
  twin.on('properties.desired', (delta) => say({ desired: plain(delta) }));
  const doers = {
    send: async (command) => {
      const message = new Message(command.body);
      await (command.output ? client.sendOutputEvent(command.output, message) : client.sendEvent(message));
      say({ sent: true });
    },
    twin: async () => {
      const fresh = await client.getTwin();
      say({ twin: { desired: plain(fresh.properties.desired), reported: plain(fresh.properties.reported) } });
    },
    report: (command) => new Promise((resolve, reject) => {
      twin.properties.reported.update(command.patch, (error) => {
        if (error) return reject(error);
        say({ reported: true });
        resolve();
      });
    }),
  };
  say({ open: true });
  for await (const line of { [Symbol.asyncIterator]: () => lines }) {
    const command = JSON.parse(line);
    if (command.do === 'close') break;
    await doers[command.do](command);
  }
  await client.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    say({ error: error.name, message: error.message });
    process.exit(3);
  });
