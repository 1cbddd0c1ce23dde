/** Reads SVG text back into elements with their places on the picture. */

export interface Point {
  readonly x: number
  readonly y: number
}

export interface SvgElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** Where the element's own coordinates begin, in pixels of the picture. */
  readonly origin: Point
  readonly children: SvgElement[]
  /** The element's own characters, unescaped. */
  text: string
}

const token = /<\/([\w:]+)>|<([\w:]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy

/** The root element; throws where the text is not well-formed. Of transforms, it understands translations. */
export function parseSvg(svg: string): SvgElement {
  const document: SvgElement = { name: '', attributes: {}, origin: { x: 0, y: 0 }, children: [], text: '' }
  const open = [document]
  token.lastIndex = 0
  while (token.lastIndex < svg.length) {
    const position = token.lastIndex
    const match = token.exec(svg)
    if (match === null) throw new Error(`not well-formed: ${svg.slice(position, position + 60)}`)
    const [, closing, opening, attributes, empty, text] = match
    const parent = open[open.length - 1]
    if (text !== undefined) parent.text += unescape(text)
    else if (closing !== undefined) {
      if (parent.name !== closing) throw new Error(`</${closing}> closes <${parent.name}>`)
      open.pop()
    } else {
      const element = createElement(opening, attributes, parent)
      parent.children.push(element)
      if (empty === '') open.push(element)
    }
  }
  if (open.length !== 1 || document.children.length !== 1)
    throw new Error('not a single, closed root element')
  return document.children[0]
}

function createElement(name: string, source: string, parent: SvgElement): SvgElement {
  const attributes = Object.fromEntries(
    Array.from(source.matchAll(/([\w:-]+)="([^"]*)"/g), ([, key, value]) => [key, unescape(value)]),
  )
  const [, x = '0', y = '0'] = /translate\(([-\d.e]+),([-\d.e]+)\)/.exec(attributes.transform ?? '') ?? []
  return {
    name,
    attributes,
    origin: { x: parent.origin.x + Number(x), y: parent.origin.y + Number(y) },
    children: [],
    text: '',
  }
}

function unescape(text: string): string {
  if (/&(?!(lt|gt|amp|quot);)/.test(text)) throw new Error(`not well-formed: ${text}`)
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

/** The element and all within it, in the order of the text. */
export function descendants(element: SvgElement): SvgElement[] {
  return [element, ...element.children.flatMap(descendants)]
}

/** All elements within those of the given Vega class, such as `role-axis-label`. */
export function withinClass(root: SvgElement, className: string): SvgElement[] {
  return descendants(root)
    .filter(({ attributes }) => (attributes.class ?? '').split(' ').includes(className))
    .flatMap((group) => group.children)
}

/** The corners of a path of straight lines, in pixels of the picture: one list for each connected piece. */
export function pathPieces({ attributes, origin }: SvgElement): Point[][] {
  return (attributes.d ?? '')
    .split('M')
    .slice(1)
    .map((piece) =>
      Array.from(piece.matchAll(/([-\d.e]+),([-\d.e]+)/g), ([, x, y]) => ({
        x: origin.x + Number(x),
        y: origin.y + Number(y),
      })),
    )
}
