/** The texts that are handed to an attempt: rendered by the launcher, looked at and checked on the command line. */
export { type ContextSource, type TemplateContext, templateContext } from './context.ts'
export { completeContext } from './context-file.ts'
export { type Finding, lintTemplates } from './lint.ts'
export { BUILT_IN_TEMPLATES, loadTemplates, type RenderedText, type RenderedTexts, type Renderer } from './render.ts'
export { type SampleName, SAMPLES } from './sample.ts'
