import { describe, expect, it } from 'vitest'
import { languagesIn } from './languages.ts'

describe('what a repository holds', () => {
  it.each([
    [['Cargo.toml', 'src/main.rs'], ['rust']],
    [['package.json', 'src/index.ts'], ['typescript']],
    [
      ['package.json', 'src/App.tsx', 'src/app.css'],
      ['typescript', 'frontend'],
    ],
    [
      ['services/trader/go.mod', 'deploy/Dockerfile'],
      ['go', 'infrastructure'],
    ],
    [
      ['pyproject.toml', 'infra/main.tf', 'infra/chart/Chart.yaml'],
      ['python', 'infrastructure'],
    ],
    [['build.gradle.kts', 'src/Main.kt'], ['java']],
    [['README.md', 'LICENSE'], []],
    [['vendor/github.com/x/y.go', 'web/node_modules/x/index.js', 'README.md'], []],
    [[], []],
  ])('is told by its files: %j', (files, languages) => {
    expect(languagesIn(files)).toEqual(languages)
  })
})
