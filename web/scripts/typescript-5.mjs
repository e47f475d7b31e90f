// The client generator prints code with TypeScript's own printer, which TypeScript 7 does not have any more.
// It alone gets version 5; types are checked with 7.
import { register } from 'node:module';

const hook = `export function resolve(name, context, next) {
  return next(name === 'typescript' ? 'typescript-5' : name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
