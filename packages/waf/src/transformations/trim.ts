export const trim = (value: string): string => value.replace(/^[\t-\r ]+/, '').replace(/(?<![\t-\r ])[\t-\r ]+$/, '');
export const trimLeft = (value: string): string => value.replace(/^[\t-\r ]+/, '');
export const trimRight = (value: string): string => value.replace(/(?<![\t-\r ])[\t-\r ]+$/, '');
