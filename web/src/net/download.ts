/** The beginning of a file as text, and no more of it than that. */

export async function beginning(url: string, mostBytes: number): Promise<string> {
  const answer = await fetch(url, { headers: { range: `bytes=0-${mostBytes - 1}` } });
  const reader = answer.ok ? answer.body?.getReader() : undefined;
  if (!reader) throw new Error(`the file answered ${answer.status}`);
  const decoder = new TextDecoder();
  let text = '';
  for (let got = 0; got < mostBytes;) {
    const { value, done } = await reader.read();
    if (done) break;
    // A letter that the cut goes through is left out.
    text += decoder.decode(value.subarray(0, mostBytes - got), { stream: true });
    got += value.length;
  }
  void reader.cancel();
  return text;
}
