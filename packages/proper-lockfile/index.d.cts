import properLockfile = require('kernel-identity/proper-lockfile');

export = properLockfile;
