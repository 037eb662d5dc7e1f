// What tests use of the package beyond its API. dist/ has none of it: these come from build/modules, the
// package compiled module by module, which is not published. Changing a backend here affects only the API
// that is imported from the same modules. The build makes one file of this one, build/modules/internals.js, which
// loads in half the time.
export { loadAddon, loadNativeBackend } from '../../build/modules/backend/native.js';
export { loadPortableBackend } from '../../build/modules/backend/portable/index.js';
export { filesystemName } from '../../build/modules/backend/procfs/filesystem.js';
export { loadProcfsBackend } from '../../build/modules/backend/procfs/index.js';
export { currentBackend } from '../../build/modules/backend/select.js';
export { loadThinBackend } from '../../build/modules/backend/thin/index.js';
export { loadThinAddon } from '../../build/modules/backend/thin/thin-addon.js';
export { recognise, recogniseHead } from '../../build/modules/formats/recognise.js';
export * as api from '../../build/modules/index.js';
export { formatOwnerRecord } from '../../build/modules/record/format.js';
export { parseOwnerFile } from '../../build/modules/record/parse.js';
