export * from 'kernel-identity/proper-lockfile';
export { default } from 'kernel-identity/proper-lockfile';
