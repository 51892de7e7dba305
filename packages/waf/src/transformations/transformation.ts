/** A pure function over bytes; answers its argument itself when there is nothing to change. */
export type Transformation = (value: string, unicodeMap?: ReadonlyMap<number, number>) => string;
