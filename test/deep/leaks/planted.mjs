// Leaks that must be found, in functions that are called in any case.

const file = 'native/binding/processes.cc';

/** @type {readonly import('../native/addon-copy.mjs').Plant[]} */
export const PLANTED = [
  {
    what: 'memory that is lost',
    file,
    from: '  system::BootId boot_id;\n',
    more: '  static char* volatile last;\n  last = new char[8];\n  static_cast<void>(last);\n',
    said: /leak of \d+ byte.*\n.*operator new.*\n.*BootId/,
  },
  {
    what: 'a reference of Node-API',
    file,
    from: '  system::PidNamespace pid_namespace;\n',
    more: '  napi_ref kept = nullptr;\n  napi_create_reference(env, Napi::Object::New(env), 1, &kept);\n',
    said: /leak of \d+ byte.*\n.*operator new.*\n.*napi_create_reference.*\n.*PidNamespace/,
  },
  {
    what: 'a descriptor, now and then',
    file,
    from: '  system::ProcStat stat;\n',
    more: '  static int calls = 0;\n  if (++calls % 100 == 0) static_cast<void>(system::OpenPidfd(pid));\n',
    said: /stat: \d+ descriptors more/,
  },
  {
    what: 'memory that is kept',
    file,
    from: '  system::TimeOffset offset;\n',
    more: '  struct Link {\n    Link* next;\n    char more[248];\n  };\n  static Link* volatile chain = nullptr;\n  chain = new Link{chain, {}};\n',
    said: /timeOffset: \d+ bytes more/,
  },
];
