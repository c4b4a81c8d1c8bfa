export {
  createGitRemote,
  type GitRemote,
  type GitRemoteOptions,
  PERSON,
  type PersonsCommit,
  type RemoteFiles,
} from './git-remotes.ts'
export { type Asked, type Right, type ServedRepository } from './git-servers/access.ts'
export { type HttpsGitServer, startHttpsGitServer } from './git-servers/https.ts'
export { skippedWithoutGitServers } from './git-servers/needs.ts'
export { type ConnectProxy, startConnectProxy } from './git-servers/proxy.ts'
export { makeSshKey, type SshGitServer, startSshGitServer } from './git-servers/ssh.ts'
export { createTestClock, type TestClock } from './clocks.ts'
export { natsServerBinary, natsServerVersion } from './nats-server.ts'
export { silentLog, type TestConnectOptions, type TestMember, type TestServers } from './broker-connection.ts'
export { startTestBroker, type TestBroker, type TestBrokerOptions } from './broker.ts'
export { startTestCluster, type TestCluster, type TestClusterOptions } from './cluster.ts'
export { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts'
export {
  type ReceivedWebhook,
  type SinkResponse,
  startWebhookSink,
  type WebhookSink,
  type WebhookSinkOptions,
} from './webhook-sink.ts'
export { type Scenario, scriptedAgentCommand, type ScriptedStep } from './scripted-agent.ts'
export {
  createLaunchFixture,
  type Launched,
  type LaunchFixture,
  type LaunchOrder,
  TASK_BRANCH,
} from './runner-launch.ts'
export { type Runner } from './runner-process.ts'
export {
  finishedEvent,
  progressedEvent,
  sampleAttempt,
  type SampleOptions,
  startedEvent,
  stopRequestedEvent,
  submittedEvent,
} from './events.ts'
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
export {
  startTcpFaultProxy,
  TCP_FAULTS,
  type TcpFault,
  type TcpFaultOptions,
  type TcpFaultProxy,
} from './tcp-faults.ts'
export { type ConversationRequest } from './scripted-model/conversation-request.ts'
export { type ModelScriptInput } from './scripted-model/scenario.ts'
export { modelScenario } from './scripted-model/scenarios.ts'
export { type ScriptedModel, type ScriptedModelOptions, startScriptedModel } from './scripted-model/server.ts'
export {
  PUBLISH_FAULTS,
  type PublishFault,
  type PublishFaultOptions,
  type PublishFaultProxy,
  startPublishFaults,
} from './publish-faults.ts'
export { type LostAcksOptions, type LostAcksProxy, startLostAcks } from './lost-acks.ts'
export { type PowerCutDisk, type PowerCutOptions, startPowerCutDisk, whyNoPowerCut } from './power-cut.ts'
export { agentProgram } from './agent-programs.ts'
export { startToolmanServer, type ToolmanServer, toolServerCommand } from './tool-server/toolman-server.ts'
export { hostileStrings } from './hostile-strings.ts'
