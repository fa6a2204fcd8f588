// Registers a device with the Device Provisioning Service by Azure's official SDK and prints the result, a JSON line.
//
// Reads one JSON object from standard input: {"host", "idScope", "registrationId", "key"} or {…, "cert", "certKey"}.
// The SDK takes a CA only by NODE_EXTRA_CA_CERTS. Exit code 0: assigned; 3: not (the error's name is printed).
'use strict';

const fs = require('fs');
const { ProvisioningDeviceClient } = require('azure-iot-provisioning-device');
const { Mqtt } = require('azure-iot-provisioning-device-mqtt');
const { SymmetricKeySecurityClient } = require('azure-iot-security-symmetric-key');
const { X509Security } = require('azure-iot-security-x509');

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
const security = request.key
  ? new SymmetricKeySecurityClient(request.registrationId, request.key)
  : new X509Security(request.registrationId, {
    cert: fs.readFileSync(request.cert, 'utf8'), key: fs.readFileSync(request.certKey, 'utf8') });
const client = ProvisioningDeviceClient.create(request.host, request.idScope, new Mqtt(), security);
client.register((error, result) => {
  console.log(JSON.stringify(error ? { error: error.name, message: error.message } : result));
  process.exit(error ? 3 : 0);
});
