/** The report's look: calm ground, colour only for severity, light and dark by the reader's setting. */
export const style = `
:root{color-scheme:light dark;--fg:#1f2328;--bg:#fff;--line:#d8dee4;--soft:#f6f8fa}
@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--line:#30363d;--soft:#161b22}}
body{font:14px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);margin:1.5rem auto;max-width:90rem;padding:0 1rem}
input[name=lang]{position:absolute;opacity:0}
main{display:none}
#l-en:checked~.m-en,#l-zh-CN:checked~.m-zh-CN{display:block}
nav{text-align:right}nav label{cursor:pointer;padding:.2rem .6rem;border:1px solid var(--line);border-radius:4px}
#l-en:checked~nav label[for=l-en],#l-zh-CN:checked~nav label[for=l-zh-CN]{background:var(--soft);font-weight:600}
#l-en:focus-visible~nav label[for=l-en],#l-zh-CN:focus-visible~nav label[for=l-zh-CN]{outline:2px solid}
h1{font-size:1.3rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin-top:1.6rem}
.verdict{padding:.5rem .8rem;background:var(--soft);border-left:4px solid #57606a}
.v-deny{border-color:#cf222e}.v-warn{border-color:#bf8700}.v-allow{border-color:#1a7f37}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{background:var(--soft)}code,.mono{font:12px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
.counts span,td span{font-weight:600}
.s-critical{color:#a40e26}.s-high{color:#cf222e}.s-medium{color:#9a6700}.s-low{color:#0969da}.s-unknown{color:#6e7781}
@media (prefers-color-scheme:dark){.s-critical{color:#ff7b72}.s-high{color:#ffa198}.s-medium{color:#e3b341}.s-low{color:#79c0ff}.s-unknown{color:#8b949e}}
footer{margin:2rem 0;color:#6e7781}
`;
