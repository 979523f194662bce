const max = require("max-api");
max.addHandlers({ hello: () => max.outlet("ready", 1, process.version) });
max.outlet("ready", 1, process.version);
