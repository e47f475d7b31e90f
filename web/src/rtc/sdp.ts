/** What Opus is asked to do on one m-line: repair from the next packet, and silence that costs nothing. */
function opusLine(payload: string, parameters: string, stereo: boolean): string {
  const kept = parameters
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one && !/^(useinbandfec|usedtx|stereo|sprop-stereo)=/.test(one));
  kept.push('useinbandfec=1', 'usedtx=1');
  if (stereo) kept.push('stereo=1', 'sprop-stereo=1');
  return `a=fmtp:${payload} ${kept.join(';')}`;
}

/**
 * Rewrites the Opus parameters (RFC 7587, section 6.1) of a whole session description. `stereo` says which m-lines, by
 * index, carry music or a film's sound. Only ever used on a transport's first and only description: the one place
 * where browsers let these be chosen.
 */
export function withOpus(sdp: string, stereo: (mLine: number) => boolean): string {
  const sections = sdp.split(/(?=^m=)/m);
  return sections
    .map((section, index) => {
      if (!section.startsWith('m=audio')) return section;
      const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(section)?.[1];
      if (!payload) return section;
      const line = new RegExp(`^a=fmtp:${payload} ([^\\r\\n]*)`, 'm');
      const wide = stereo(index - 1); // sections[0] is the session part
      if (line.test(section)) {
        return section.replace(line, (_, parameters: string) => opusLine(payload, parameters, wide));
      }
      return section.replace(
        new RegExp(`^(a=rtpmap:${payload} [^\\r\\n]*)(\\r?\\n)`, 'm'),
        (_, map: string, end: string) => `${map}${end}${opusLine(payload, '', wide)}${end}`,
      );
    })
    .join('');
}
