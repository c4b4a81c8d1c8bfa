/** Behind the ports `Workspace` and `Tenancy`: folders, repositories and the fence of one workspace. */
export { enterTenancy, type TenancyDependencies } from './tenancy.ts'
export { createWorkspace, type WorkspaceDependencies } from './workspace.ts'
