/** Words with nothing but marks (bold, code, a new line) are most of what people write. They need
 *  no components: elements and text nodes are made directly, never from markup. */
import type { Inline } from '../../lib/markdown';

type Marked = Extract<Inline, { children: Inline[] }>;

const TAGS = { strong: 'strong', em: 'em', underline: 'u', strike: 's' } as const;
const tagOf = (kind: string): string | undefined => TAGS[kind as keyof typeof TAGS];

/** Whether words can be written without components. */
export function onlyMarks(nodes: readonly Inline[]): boolean {
  return nodes.every((node) => {
    if (node.kind === 'text' || node.kind === 'break' || node.kind === 'code') return true;
    return tagOf(node.kind) !== undefined && onlyMarks((node as Marked).children);
  });
}

/** Writes such words into an element. */
export function written(nodes: readonly Inline[]): (element: Element) => void {
  return (element) => element.replaceChildren(...nodes.map(write));
}

function write(node: Inline): Node {
  if (node.kind === 'text') return document.createTextNode(node.text);
  const made = document.createElement(node.kind === 'break' ? 'br' : (tagOf(node.kind) ?? 'code'));
  if (node.kind === 'code') made.textContent = node.text;
  else if ('children' in node) made.append(...node.children.map(write));
  return made;
}
