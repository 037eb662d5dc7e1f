{
  'targets': [
    {
      # src/backend/native.ts loads the file that has this name.
      'target_name': 'kernel_identity',
      'variables': {
        'node_addon_api_dir': '<!(node -p "require(\'node-addon-api\').include_dir")',
        'source_hash': '<!(node scripts/native-source-hash.mjs)',
      },
      'sources': [
        'native/binding/addon.cc',
        'native/binding/arguments.cc',
        'native/binding/capabilities.cc',
        'native/binding/descriptors.cc',
        'native/binding/directory_entries.cc',
        'native/binding/directory_witness.cc',
        'native/binding/errors.cc',
        'native/binding/file_values.cc',
        'native/binding/files.cc',
        'native/binding/lease.cc',
        'native/binding/lifeline.cc',
        'native/binding/lifeline_text.cc',
        'native/binding/object_shape.cc',
        'native/binding/processes.cc',
        'native/binding/random.cc',
        'native/binding/subscriptions.cc',
        'native/binding/values.cc',
        'native/binding/watch.cc',
        'native/binding/witness.cc',
        'native/linux/attribute.cc',
        'native/linux/blocking_wait.cc',
        'native/linux/boot_id.cc',
        'native/linux/byte_lock.cc',
        'native/linux/capabilities.cc',
        'native/linux/change_monitors.cc',
        'native/linux/change_watch.cc',
        'native/linux/directory_list.cc',
        'native/linux/errno_name.cc',
        'native/linux/file_content.cc',
        'native/linux/death_signal.cc',
        'native/linux/file_status.cc',
        'native/linux/files_at.cc',
        'native/linux/filesystem.cc',
        'native/linux/fork_handlers.cc',
        'native/linux/hardening.cc',
        'native/linux/heartbeat.cc',
        'native/linux/inotify.cc',
        'native/linux/lifeline_pace.cc',
        'native/linux/lifeline_space.cc',
        'native/linux/lifeline_watch.cc',
        'native/linux/lifelines.cc',
        'native/linux/orphans.cc',
        'native/linux/pid_namespace.cc',
        'native/linux/pidfd.cc',
        'native/linux/proc_file.cc',
        'native/linux/proc_stat.cc',
        'native/linux/proc_status.cc',
        'native/linux/random.cc',
        'native/linux/rechecks.cc',
        'native/linux/thread.cc',
        'native/linux/time_offset.cc',
        'native/linux/timer_queue.cc',
        'native/linux/watcher.cc',
        'native/linux/witness.cc',
      ],
      'conditions': [
        # On 64-bit machines these definitions change only the names of symbols: fcntl64 needs glibc 2.28 and is
        # missing in musl, while every system has fcntl.
        ["target_arch=='x64' or target_arch=='arm64'", {
          'defines!': ['_FILE_OFFSET_BITS=64', '_LARGEFILE_SOURCE'],
        }],
      ],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        'KERNEL_IDENTITY_SOURCE_HASH="<(source_hash)"',
      ],
      # -O3 of the Node headers would make the addon larger, not faster, because system calls take most of the time.
      'cflags!': ['-O3'],
      'cflags': [
        '-O2',
        '-Wall',
        '-Wextra',
        '-Werror',
        '-fvisibility=hidden',
        # An overflow of the stack or of a buffer ends the process. native/linux/hardening.cc has what musl lacks for it.
        '-fstack-protector-strong',
        # Some compilers set the second one by themselves, to another value, and would warn.
        '-U_FORTIFY_SOURCE',
        '-D_FORTIFY_SOURCE=2',
      ],
      'cflags_cc': [
        # The last -std wins over the one of the Node headers, which differs from version to version. The next flag is
        # there for the same reason: the headers of Node 22 and later set it, those of Node 20 do not.
        '-std=c++20',
        '-fno-strict-aliasing',
        '-fno-exceptions',
        '-fno-rtti',
        '-fvisibility-inlines-hidden',
        '-Wconversion',
        # A system directory gives no warnings, and those of node-addon-api are not ours to fix. gyp leaves the single
        # quotes to the shell, because the path may hold a space.
        "-isystem '<(module_root_dir)/<(node_addon_api_dir)'",
      ],
      # The C++ library stays dynamic: a static one would need a newer glibc and break musl. -z nodelete keeps the addon
      # loaded when its last JavaScript environment ends: the process keeps its lifeline and the handler of fork(2).
      'ldflags': ['-Wl,-z,relro,-z,now', '-Wl,-z,nodelete', '-Wl,--gc-sections', '-Wl,--build-id=none'],
    },
  ],
}
