/** The answer without the server's UDP candidates: the browser can only connect over TCP (RFC 6544). */
export function withoutUdpCandidates(sdp: string): string {
  return sdp
    .split('\r\n')
    .filter((line) => !/^a=candidate:\S+ \d+ udp /i.test(line))
    .join('\r\n');
}
