{
  'targets': [
    {
      # node-gyp-build loads the first .node file by name, so there is one target only.
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
        'native/binding/errors.cc',
        'native/binding/file_values.cc',
        'native/binding/files.cc',
        'native/binding/lease.cc',
        'native/binding/lifeline.cc',
        'native/binding/lifeline_text.cc',
        'native/binding/object_shape.cc',
        'native/binding/processes.cc',
        'native/binding/subscriptions.cc',
        'native/binding/values.cc',
        'native/binding/watch.cc',
        'native/binding/witness.cc',
        'native/linux/blocking_wait.cc',
        'native/linux/boot_id.cc',
        'native/linux/capabilities.cc',
        'native/linux/change_monitors.cc',
        'native/linux/change_watch.cc',
        'native/linux/directory_list.cc',
        'native/linux/errno_name.cc',
        'native/linux/file_content.cc',
        'native/linux/file_status.cc',
        'native/linux/files_at.cc',
        'native/linux/filesystem.cc',
        'native/linux/heartbeat.cc',
        'native/linux/inotify.cc',
        'native/linux/lifeline_space.cc',
        'native/linux/lifelines.cc',
        'native/linux/pid_namespace.cc',
        'native/linux/pidfd.cc',
        'native/linux/proc_file.cc',
        'native/linux/proc_stat.cc',
        'native/linux/proc_status.cc',
        'native/linux/repeated_looks.cc',
        'native/linux/thread.cc',
        'native/linux/time_offset.cc',
        'native/linux/watcher.cc',
        'native/linux/witness.cc',
      ],
      'conditions': [
        # On 64-bit machines these change nothing but the names of symbols: fcntl64 needs glibc 2.28 and is
        # missing in musl, fcntl is everywhere.
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
      # -O3 of the Node headers makes it larger, not faster: the time goes into system calls.
      'cflags!': ['-O3'],
      'cflags': ['-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
      'cflags_cc': [
        # The last -std wins over the one of the Node headers, which differs from version to version. So does this:
        # the headers of Node 22 and later ask for it, those of Node 20 do not.
        '-std=c++20',
        '-fno-strict-aliasing',
        '-fno-exceptions',
        '-fno-rtti',
        '-fvisibility-inlines-hidden',
        '-Wconversion',
        # As a system directory: its warnings are not ours to mend. In single quotes, which gyp leaves to the shell: the
        # path may hold a space.
        "-isystem '<(module_root_dir)/<(node_addon_api_dir)'",
      ],
      # The C++ library stays dynamic: linked in, it would raise the oldest usable glibc and break musl.
      'ldflags': ['-Wl,-z,relro,-z,now', '-Wl,-z,nodelete', '-Wl,--gc-sections', '-Wl,--build-id=none'],
    },
  ],
}
