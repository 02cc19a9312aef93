"""Excel workbooks as small as they come, and as odd as a test wants them."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STYLES = (
    f'<styleSheet xmlns="{_SHEETS}"><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy\\ hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="&quot;day &quot;0.00"/></numFmts><cellStyleXfs><xf numFmtId="14"/>'
    '</cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="20"/><xf numFmtId="46"/></cellXfs></styleSheet>'
)


def cell(value: str, kind: str = "inlineStr", style: str = "", ref: str = "") -> str:
    inner = f"<is><t>{escape(value)}</t></is>" if kind == "inlineStr" else f"<v>{escape(value)}</v>"
    given = "".join(f' {name}="{text}"' for name, text in (("r", ref), ("s", style), ("t", kind)) if text)
    return f"<c{given}>{inner}</c>"


def sheet(rows: Iterable[Sequence[str]]) -> str:
    """The markup of a sheet: a cell is a text, or markup that begins with <c."""
    body = "".join(
        f"<row>{''.join(value if value.startswith('<c') else cell(value) for value in row)}</row>" for row in rows
    )
    return f'<?xml version="1.0"?><worksheet xmlns="{_SHEETS}"><sheetData>{body}</sheetData></worksheet>'


def workbook(sheets: dict[str, str], strings: Sequence[str] = (), parts: dict[str, str | None] | None = None) -> bytes:
    """Sheets' markup by name; `parts` replaces, adds or (None) leaves out parts."""
    names = list(sheets)
    related = [f"worksheet{n}" for n in range(len(names))]
    all_parts = {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><workbookPr/><sheets>'
        + "".join(f'<sheet name="{escape(name)}" sheetId="{n + 1}" r:id="s{n}"/>' for n, name in enumerate(names))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
        + "".join(
            f'<Relationship Id="s{n}" Type="{_OFFICE}/worksheet" Target="worksheets/{part}.xml"/>'
            for n, part in enumerate(related)
        )
        + f'<Relationship Id="x" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        + f'<Relationship Id="y" Type="{_OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": f'<sst xmlns="{_SHEETS}">'
        + "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        + "</sst>",
        **{f"xl/worksheets/{part}.xml": sheets[name] for part, name in zip(related, names, strict=True)},
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in all_parts.items():
            if text is not None:
                packed.writestr(name, text)
    return out.getvalue()
