"""Drawings for tests: as programs export them, and as people write who mean harm."""

import gzip

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
BOX = 'viewBox="0 0 40 10"'
RED = '<rect width="40" height="10" fill="#f00"/>'


def svg(body: str = RED, attributes: str = BOX, before: str = "") -> bytes:
    """A drawing of 40 by 10, red unless it is said otherwise."""
    return f"{before}<svg {NAMESPACES} {attributes}>{body}</svg>".encode()


ILLUSTRATOR = b"""<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: Adobe Illustrator 27.0.0, SVG Export Plug-In . SVG Version: 6.00 Build 0)  -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
  <!ENTITY ns_extend "http://ns.adobe.com/Extensibility/1.0/">
  <!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">
  <!ENTITY ns_graphs "http://ns.adobe.com/Graphs/1.0/">
  <!ENTITY ns_svg "http://www.w3.org/2000/svg">
  <!ENTITY ns_xlink "http://www.w3.org/1999/xlink">
]>
<svg version="1.1" id="Layer_1" xmlns:x="&ns_extend;" xmlns:i="&ns_ai;" xmlns:graph="&ns_graphs;"
  xmlns="&ns_svg;" xmlns:xlink="&ns_xlink;" x="0px" y="0px" viewBox="0 0 40 10"
  style="enable-background:new 0 0 40 10;" xml:space="preserve">
<style type="text/css">
  .st0{fill:#FF0000;}
  .st1{clip-path:url(#SVGID_2_);fill:#FF0000;}
</style>
<metadata><sfw xmlns="http://ns.adobe.com/SaveForWeb/1.0/"><slices></slices></sfw></metadata>
<switch>
  <foreignObject requiredExtensions="&ns_ai;" x="0" y="0" width="1" height="1">
    <i:pgfRef xlink:href="#adobe_illustrator_pgf"></i:pgfRef>
  </foreignObject>
  <g i:extraneous="self">
    <rect class="st0" width="20" height="10"/>
    <g>
      <defs><rect id="SVGID_1_" x="20" width="20" height="10"/></defs>
      <clipPath id="SVGID_2_"><use xlink:href="#SVGID_1_" style="overflow:visible;"/></clipPath>
      <path class="st1" d="M20,0h20v10H20V0z"/>
    </g>
  </g>
</switch>
<i:pgf id="adobe_illustrator_pgf"><![CDATA[eJzsvWuTHcdxLfoX9n+YiBMnQjqhGk]]></i:pgf>
</svg>"""

INKSCAPE = b"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- Created with Inkscape (http://www.inkscape.org/) -->
<svg width="40mm" height="10mm" viewBox="0 0 40 10" version="1.1" id="svg5"
  inkscape:version="1.2.2" sodipodi:docname="logo.svg"
  inkscape:export-filename="C:\\Users\\ada\\logo.png"
  xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
  xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"
  xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg"
  xmlns:svg="http://www.w3.org/2000/svg" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:cc="http://creativecommons.org/ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <title>Logo</title>
  <sodipodi:namedview id="namedview7" pagecolor="#ffffff" inkscape:zoom="0.7"/>
  <defs id="defs2">
    <inkscape:path-effect effect="powerstroke" id="path-effect1"/>
    <linearGradient inkscape:collect="always" id="linearGradient1">
      <stop style="stop-color:#ff0000;stop-opacity:1;" offset="0" id="stop1"/>
      <stop style="stop-color:#ff0000;stop-opacity:1;" offset="1" id="stop2"/>
    </linearGradient>
    <linearGradient inkscape:collect="always" xlink:href="#linearGradient1" id="linearGradient2"
      x1="0" y1="5" x2="40" y2="5" gradientUnits="userSpaceOnUse"/>
  </defs>
  <metadata id="metadata5"><rdf:RDF><cc:Work rdf:about=""><dc:format>image/svg+xml</dc:format>
    </cc:Work></rdf:RDF></metadata>
  <g inkscape:label="Layer 1" inkscape:groupmode="layer" id="layer1">
    <path sodipodi:nodetypes="ccccc" id="rect1" d="M 0,0 H 40 V 10 H 0 Z"
      style="fill:url(#linearGradient2);fill-opacity:1;-inkscape-stroke:none;stop-color:#000000"/>
  </g>
</svg>"""

FIGMA = b"""<svg width="40" height="10" viewBox="0 0 40 10" fill="none"
  xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<g clip-path="url(#clip0_1_2)" filter="url(#filter0_d_1_2)">
<mask id="mask0_1_2" style="mask-type:alpha" maskUnits="userSpaceOnUse" x="0" y="0" width="40"
  height="10"><rect width="40" height="10" fill="#D9D9D9"/></mask>
<g mask="url(#mask0_1_2)"><path fill-rule="evenodd" clip-rule="evenodd" d="M0 0H40V10H0V0Z"
  fill="url(#paint0_radial_1_2)"/></g>
</g>
<defs>
<filter id="filter0_d_1_2" x="-4" y="0" width="48" height="18" filterUnits="userSpaceOnUse"
  color-interpolation-filters="sRGB">
<feFlood flood-opacity="0" result="BackgroundImageFix"/>
<feColorMatrix in="SourceAlpha" type="matrix" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 127 0"
  result="hardAlpha"/>
<feOffset dy="4"/><feGaussianBlur stdDeviation="2"/><feComposite in2="hardAlpha" operator="out"/>
<feColorMatrix type="matrix" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0.25 0"/>
<feBlend mode="normal" in2="BackgroundImageFix" result="effect1_dropShadow_1_2"/>
<feBlend mode="normal" in="SourceGraphic" in2="effect1_dropShadow_1_2" result="shape"/>
</filter>
<radialGradient id="paint0_radial_1_2" cx="0" cy="0" r="1" gradientUnits="userSpaceOnUse"
  gradientTransform="translate(20 5) rotate(90) scale(5 20)">
<stop stop-color="#FF0000"/><stop offset="1" stop-color="#FF0000"/></radialGradient>
<clipPath id="clip0_1_2"><rect width="40" height="10" fill="white"/></clipPath>
</defs>
</svg>"""

SKETCH = b"""<?xml version="1.0" encoding="UTF-8"?>
<svg width="40px" height="10px" viewBox="0 0 40 10" version="1.1"
  xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
  xmlns:sketch="http://www.bohemiancoding.com/sketch/ns">
    <!-- Generator: Sketch 52.6 (67491) - http://www.bohemiancoding.com/sketch -->
    <title>Artboard</title>
    <desc>Created with Sketch.</desc>
    <defs><polygon id="path-1" points="0 0 40 0 40 10 0 10"></polygon></defs>
    <g id="Page-1" stroke="none" stroke-width="1" fill="none" fill-rule="evenodd"
      sketch:type="MSPage">
        <g id="Logo"><mask id="mask-2" fill="white"><use xlink:href="#path-1"></use></mask>
        <use id="Mask" fill="#FF0000" fill-rule="nonzero" xlink:href="#path-1"></use></g>
    </g>
</svg>"""

COREL = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- Creator: CorelDRAW 2020 (64-Bit) -->
<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="40mm" height="10mm"
  version="1.1" style="shape-rendering:geometricPrecision; fill-rule:evenodd"
  viewBox="0 0 4000 1000" xmlns:xlink="http://www.w3.org/1999/xlink"
  xmlns:xodm="http://www.corel.com/coreldraw/odm/2003">
 <defs><style type="text/css"><![CDATA[
    .fil0 {fill:red}
   ]]></style></defs>
 <g id="Layer_x0020_1"><metadata id="CorelCorpID_0Corel-Layer"/>
  <polygon class="fil0" points="0,0 4000,0 4000,1000 0,1000 "/></g>
</svg>"""

PROGRAMS = {
    "Illustrator": ILLUSTRATOR,
    "Inkscape": INKSCAPE,
    "Figma": FIGMA,
    "Sketch": SKETCH,
    "CorelDRAW": COREL,
}

USES = "".join(f'<g id="a{n}">{10 * f"""<use href="#a{n - 1}"/>"""}</g>' for n in range(1, 12))
MASKS = "".join(
    f'<mask id="m{n}" mask="url(#m{n - 1})"><rect width="40" height="10" fill="white"/></mask>'
    for n in range(500)
)
PATTERN = (
    '<pattern id="p" width="1e6" height="1e6" patternUnits="userSpaceOnUse">'
    '<rect width="9e6" height="9e6"/></pattern><rect fill="url(#p)" width="40" height="10"/>'
)
BLUR = (
    '<filter id="f" x="0" y="0" width="60000" height="37000">'
    '<feGaussianBlur stdDeviation="300000"/></filter>'
    '<rect filter="url(#f)" width="40" height="10"/>'
)
THICK = (
    '<filter id="f"><feMorphology radius="100000"/></filter>'
    '<rect filter="url(#f)" width="40" height="10"/>'
)

# What takes more time or memory than there is, or ends the process that reads it.
BOMBS = {
    "uses of uses": svg(f'<g id="a0">{RED}</g>{USES}<use href="#a11"/>'),
    "masks of masks": svg(f'{MASKS}<rect mask="url(#m499)" width="40" height="10"/>'),
    "a large pattern": svg(PATTERN),
    "a thick line of a filter": svg(THICK),
    "11,000 elements": svg(11_000 * RED),
    "5,000 groups in each other": svg(f"{5000 * '<g>'}{RED}{5000 * '</g>'}"),
    "no number that fits": svg('<path d="M0 0 L1e9 1e9" stroke="red" stroke-width="1e9"/>'),
    "packed blanks": gzip.compress(b"<svg>" + b" " * 50_000_000),
}
# What looks as bad and is not.
HARMLESS = {
    "9,000 elements": svg(9_000 * RED),
    "a use of itself": svg(f'<g id="a"><use href="#a"/></g>{RED}'),
    "a mask of itself": svg(f'<mask id="m" mask="url(#m)">{RED}</mask>{RED}'),
    "90 groups in each other": svg(f"{90 * '<g>'}{RED}{90 * '</g>'}"),
    "a long path": svg(f'{RED}<path fill="none" d="M0 0{150_000 * "L40 10L0 5"}"/>'),
    "numbers beyond all": svg(f'{RED}<rect width="1e999" height="1e999" rx="nan"/>'),
    "a height of 100,000": svg(attributes='viewBox="0 0 40 10" height="100000" width="1"'),
    "30,000 pixels": svg(attributes='viewBox="0 0 40 10" height="30000" width="30000"'),
    "sizes in styles": svg(
        f"<style>svg{{width:100000px;height:100000px}}</style>{RED}",
        f'{BOX} style="width:100000px;height:100000px"',
    ),
    "a nested one": svg(f'<svg width="100000" height="200%" {BOX}>{RED}</svg>{RED}'),
}
