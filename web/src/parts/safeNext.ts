/** Where to go after signing in: a path of this site, never another one, whatever the address bar said. */
export function safeNext(next: string | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next) || /^\/(sign-in|l|setup)(\/|\?|$)/.test(next))
    return '/';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers drop tabs and line feeds, so "/\t/evil.example" is another site.
  return /[\u0000-\u001f]/.test(next) ? '/' : next;
}
