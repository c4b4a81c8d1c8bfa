/** What a repository holds, by the names of its files. Pure. */
import { type Language, LANGUAGES } from '@orchestrator/shared/contracts'

const ENDINGS: Readonly<Record<Language, RegExp>> = {
  rust: /\.rs$|(^|\/)Cargo\.toml$/,
  typescript: /\.[cm]?[jt]sx?$|(^|\/)(package|tsconfig)\.json$/,
  frontend: /\.(jsx|tsx|vue|svelte|astro|s?css|less|html?)$/,
  go: /\.go$|(^|\/)go\.mod$/,
  python: /\.pyi?$|(^|\/)(pyproject\.toml|requirements[^/]*\.txt|setup\.cfg)$/,
  java: /\.(java|kts?)$|(^|\/)(pom\.xml|build\.gradle)$/,
  infrastructure:
    /\.(tf|tfvars)$|(^|\/)(Dockerfile[^/]*|Containerfile[^/]*|Chart\.yaml|kustomization\.ya?ml|docker-compose[^/]*\.ya?ml)$/,
}

/** Brought along, written by nobody here. */
const FOREIGN = /(^|\/)(node_modules|vendor|third_party|target|dist)\//

/** In the order of {@link LANGUAGES}; empty when nothing is recognised. */
export function languagesIn(files: readonly string[]): readonly Language[] {
  const own = files.filter((file) => !FOREIGN.test(file))
  return LANGUAGES.filter((language) => own.some((file) => ENDINGS[language].test(file)))
}
