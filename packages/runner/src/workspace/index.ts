/** Behind the ports `Workspace` and `Tenancy`: folders, repositories and the fence of one workspace. */
export { enterTenancy } from './tenancy.ts'
export { createWorkspace } from './workspace.ts'
