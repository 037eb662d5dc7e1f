module.exports = require('kernel-identity/proper-lockfile');
