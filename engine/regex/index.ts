export {
  compileRegex,
  DEFAULT_REGEX_LIMITS,
  NO_REGEX_LIMITS,
  type Regex,
  type RegexLimits,
} from './regex.ts';
export { type RegexError, regexErrorText, type SyntaxFault } from './regex-error.ts';
