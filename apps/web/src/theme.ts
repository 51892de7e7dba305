import type { Severity } from '@palisade/model/severity';
import type { ThemeConfig } from 'antd';
import { theme } from 'antd';

/** Severity colours are used for severity only. Each has a letter too, for readers who don't see the colour. */
export const severityMark: Readonly<Record<Severity, { light: string; dark: string; letter: string }>> = {
  critical: { light: '#a8071a', dark: '#ff7875', letter: 'C' },
  high: { light: '#ad4e00', dark: '#ffa940', letter: 'H' },
  medium: { light: '#7c5800', dark: '#ffd666', letter: 'M' },
  low: { light: '#135200', dark: '#95de64', letter: 'L' },
  unknown: { light: '#434343', dark: '#bfbfbf', letter: '?' },
};

/** Calm neutral ground, one accent, dense tables (32 px rows). */
export function tokens(dark: boolean): ThemeConfig {
  return {
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: dark ? '#3f78ad' : '#2f5d8a',
      colorError: dark ? '#ff8a85' : '#b3261e',
      colorSuccess: dark ? '#7fd3a0' : '#1f6f3f',
      colorWarning: dark ? '#f2bd6b' : '#8a5300',
      colorErrorBg: dark ? '#2c1618' : '#fdecea',
      colorSuccessBg: dark ? '#13251a' : '#eaf7ee',
      colorWarningBg: dark ? '#2b2111' : '#fff6e5',
      colorWarningBorder: dark ? '#5a4524' : '#e8c98f',
      colorLink: dark ? '#8fbfe8' : '#24527d',
      colorTextDescription: dark ? '#b0b6bd' : '#525a63',
      colorTextTertiary: dark ? '#b0b6bd' : '#525a63',
      colorTextDisabled: dark ? '#9aa1a9' : '#626a73',
      colorTextPlaceholder: dark ? '#9aa1a9' : '#626a73',
      borderRadius: 4,
      fontSize: 13,
      fontFamily: 'system-ui, "Segoe UI", Roboto, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif',
      fontFamilyCode: 'ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
    },
    components: {
      Table: { cellPaddingBlockSM: 5, cellPaddingInlineSM: 8 },
      Tabs: { itemSelectedColor: dark ? '#8fbfe8' : '#24527d', itemHoverColor: dark ? '#a9cdec' : '#24527d' },
      Menu: { itemHeight: 32, itemSelectedBg: dark ? '#1d2a37' : '#e3ebf2', itemSelectedColor: dark ? '#d5e6f5' : '#17395a', itemBg: 'transparent' },
      Layout: { bodyBg: 'transparent', headerHeight: 48, headerPadding: '0 16px', headerBg: dark ? '#141414' : '#ffffff', siderBg: dark ? '#141414' : '#ffffff' },
    },
  };
}
