export const TAKES: Readonly<Record<string, string>>;
