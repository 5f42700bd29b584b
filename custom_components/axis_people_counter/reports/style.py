"""The style of a report's page: one column on a phone, two on paper. Called by html.py."""

from typing import Final

# Backgrounds are left out of prints by default.
STYLE: Final = """
@page { size: A4; margin: 10mm 12mm; }
* { box-sizing: border-box; }
html { background: #fff; color: #1a1a1a; font: 14px/1.35 system-ui, "Segoe UI", Roboto, Arial, sans-serif;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { margin: 0 auto; max-width: 760px; overflow-wrap: break-word; padding: 16px; }
h1 { font-size: 24px; line-height: 1.2; margin: 0; }
h2 { font-size: 14px; margin: 0 0 4px; }
p { margin: 0; }
.period { color: #595959; margin: 2px 0 8px; }
.total { align-items: baseline; display: flex; flex-wrap: wrap; gap: 0 16px; margin: 0 0 8px; }
.total strong { font-size: 34px; line-height: 1.1; }
.notes { background: #fff4d6; border-left: 4px solid #b37400; list-style: none; margin: 0 0 10px; padding: 6px 10px; }
.grid { display: grid; gap: 12px 28px; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr));
  margin: 0 0 12px; }
.grid > * { break-inside: avoid; min-width: 0; }
svg { display: block; font-family: inherit; height: auto; max-width: 420px; width: 100%; }
dl { margin: 0; }
dt { color: #595959; font-size: 12px; margin-top: 5px; }
dt:first-child { margin-top: 0; }
dd { margin: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
caption { font-size: 14px; font-weight: bold; padding-bottom: 2px; text-align: left; }
th, td { border-bottom: 1px solid #d0d0d0; padding: 3px 6px; text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
thead th { color: #595959; font-size: 12px; font-weight: normal; vertical-align: bottom; white-space: normal; }
tr { break-inside: avoid; }
th.number, td.number { text-align: right; }
td.number, td.line { white-space: nowrap; }
footer { color: #595959; font-size: 12px; margin-top: 10px; }
section + section { border-top: 1px solid #d0d0d0; margin-top: 28px; padding-top: 20px; }
@media print {
  html { font-size: 12.5px; line-height: 1.3; }
  body { max-width: none; padding: 0; }
  .grid { gap: 8px 28px; grid-template-columns: 1fr 1fr; margin-bottom: 8px; }
  .notes { column-gap: 28px; columns: 2; margin-bottom: 8px; padding: 4px 10px; }
  .notes li { break-inside: avoid; }
  dt { font-size: 11px; margin-top: 3px; }
  table { font-size: 11.5px; }
  th, td { padding: 1.5px 6px; }
  thead th, footer { font-size: 11px; }
  footer { margin-top: 6px; }
  section + section { border: 0; break-before: page; margin: 0; padding: 0; }
}
"""
