/** What a piece of text means; how that looks is for the caller to say. */
export type Tone = 'heading' | 'good' | 'caution' | 'quiet';

export type Paint = (tone: Tone, text: string) => string;

/** For files, pipes and reports. */
export const plain: Paint = (_tone, text) => text;
