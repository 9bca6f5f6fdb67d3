// Owns: what the journeys ask inside of the page: it is put into every page before the page's own scripts.
// Leaves: judging the answers to page.test.ts.

addEventListener('securitypolicyviolation', (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)
})

globalThis.probes = {
  /** The HTML of controls that are too small to hit, or have no name. */
  poorControls() {
    return [...document.querySelectorAll('a, button, input, textarea, summary')]
      .filter((node) => node.checkVisibility() && !node.classList.contains('skip'))
      .filter((node) => {
        const { width, height } = node.getBoundingClientRect()
        const label = node.closest('label')?.textContent ?? ''
        const name = node.getAttribute('aria-label') ?? (node.textContent || label)
        return width < 23.9 || height < 23.9 || name.trim() === ''
      })
      .map((node) => node.outerHTML)
  },

  /** What has the focus: its name, its outline, whether something lies over it; null when nothing has. */
  focus() {
    const node = document.activeElement
    if (node === null || node === document.body) return null
    const { left, top, width, height } = node.getBoundingClientRect()
    const seen = document.elementFromPoint(left + width / 2, top + height / 2)
    return {
      name: node.getAttribute('aria-label') ?? node.textContent ?? '',
      outline: getComputedStyle(node).outlineStyle,
      covered: seen === null || !(node.contains(seen) || seen.contains(node)),
    }
  },

  /** Texts with less than 4.5 : 1 against what is behind them. */
  palePlaces() {
    const pale = []
    for (const node of document.querySelectorAll('#page *')) {
      const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.nodeValue.trim())
      if (!own || !node.checkVisibility()) continue
      const one = luminance(colorParts(getComputedStyle(node).color))
      const other = luminance(groundBehind(node))
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
      if (ratio < 4.5) pale.push(`${node.className} ${node.textContent} ${ratio.toFixed(2)}`)
    }
    return pale
  },
}

function colorParts(color) {
  return (color.match(/[\d.]+/g) ?? []).map(Number)
}

/** The relative luminance of WCAG. */
function luminance(parts) {
  const [red, green, blue] = parts.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** The first ground behind a node that is not transparent. */
function groundBehind(node) {
  for (let at = node; at !== null; at = at.parentElement) {
    const color = colorParts(getComputedStyle(at).backgroundColor)
    if (color.length === 3 || color[3] === 1) return color
  }
  return [255, 255, 255]
}
