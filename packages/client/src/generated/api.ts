// Generated from docs/openapi.json by "npm run generate": not to be edited.

export interface paths {
  readonly '/openapi.json': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** This document */
    readonly get: operations['getOpenApi']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/tasks': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** Tasks with their latest attempts */
    readonly get: operations['listTasks']
    readonly put?: never
    /**
     * Submit a task
     * @description For a task that has earlier attempts it is a retry: on the same branch, with what they did at hand.
     */
    readonly post: operations['submitTask']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/tasks/{service}/{id}/retry': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly get?: never
    readonly put?: never
    /**
     * Answer a failure with guidance
     * @description As a submit, with guidance required.
     */
    readonly post: operations['retryTask']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/attempts': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** Attempts, newest first */
    readonly get: operations['listAttempts']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/attempts/{name}': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** One attempt as it is now */
    readonly get: operations['getAttempt']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/attempts/{name}/stop': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly get?: never
    readonly put?: never
    /**
     * Ask to stop an attempt
     * @description What it has done is saved. A second request is answered with the first.
     */
    readonly post: operations['stopAttempt']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/attempts/{name}/logs': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /**
     * The log of an attempt
     * @description Live, afterwards, and from the archive alike. `end` is the last line of a log that is complete; ask again from the next line on where it is missing. With `Accept: text/event-stream` the lines are server-sent events whose id is the number of the last line told: close them at `end`.
     */
    readonly get: operations['readLog']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/events': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /**
     * The ledger as server-sent events
     * @description From `fromSequence` on, or what comes from now on; with `Last-Event-ID` what follows that event. Each event is named by its type, its id is `<generation>-<sequence>`. `gap` says that something asked for is not there, and what to do. What was quiet for 15 seconds gets a comment.
     */
    readonly get: operations['followEvents']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/workspaces': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** Workspaces by name of the service */
    readonly get: operations['listWorkspaces']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/workspaces/{service}': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** The workspace of a service */
    readonly get: operations['getWorkspace']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/workspaces/{service}/release': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly get?: never
    readonly put?: never
    /**
     * Vouch that nothing of a workload runs any more
     * @description A second one is answered with the first.
     */
    readonly post: operations['releaseWorkspace']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/rebuild': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** How far a rebuild is */
    readonly get: operations['getRebuild']
    readonly put?: never
    /** Have the views of all replicas made again */
    readonly post: operations['orderRebuild']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/deadletters': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** What was given up, newest first */
    readonly get: operations['listDeadLetters']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/deadletters/{sequence}': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** One letter, the message that it names, and what to do */
    readonly get: operations['getDeadLetter']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/deadletters/{sequence}/replay': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly get?: never
    readonly put?: never
    /** Ask to have the message handled again, once */
    readonly post: operations['replayDeadLetter']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/livez': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** Is the process there */
    readonly get: operations['getLiveness']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/readyz': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** Can it be used, and if not: what is wrong */
    readonly get: operations['getReadiness']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/health': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /**
     * How all services are, and since when
     * @description Of every replica that answers within half a second: what it checks, since when that is so, what was wrong last, which broker it has, and how far the view of a submitter is behind the ledger. Answered while the broker is away too, of the submitter alone that is asked.
     */
    readonly get: operations['getHealth']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/info': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** Version, ledger and broker */
    readonly get: operations['getInformation']
    readonly put?: never
    readonly post?: never
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/tokens': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    /** All tokens, those that are refused too */
    readonly get: operations['listTokens']
    readonly put?: never
    /** Make a token */
    readonly post: operations['createToken']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/v1/tokens/{name}/revoke': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly get?: never
    readonly put?: never
    /** Refuse a token for good */
    readonly post: operations['revokeToken']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
  readonly '/mcp': {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly get?: never
    readonly put?: never
    /**
     * One message of the Model Context Protocol
     * @description Over Streamable HTTP, without sessions. Each tool needs the scopes of what it does; what the token may not do is the answer of the tool, with `isError`. docs/mcp.md names the tools.
     */
    readonly post: operations['callTools']
    readonly delete?: never
    readonly options?: never
    readonly head?: never
    readonly patch?: never
    readonly trace?: never
  }
}
export type webhooks = Record<string, never>
export interface components {
  schemas: {
    /** @description What is left out comes from the settings, or from the attempt that this one answers. */
    readonly Submit: {
      /** @description What the task is for: one workspace, one queue. */
      readonly service: string
      /** @description Of the platform repository. */
      readonly taskId: string | number
      /**
       * @description Task list of the platform repository.
       * @default master
       */
      readonly tag?: string
      /** @description What this attempt is told beyond the documents of its task. */
      readonly guidance?: string
      /** @description Who does the work. */
      readonly agent?: string
      /** @description Model of the agent. */
      readonly model?: string
      /** @description Target repository. */
      readonly repositoryUrl?: string
      /** @description Base branch of the target repository. */
      readonly branch?: string
      /** @description Whom commits to the target repository name, and whose credential is used for it. */
      readonly githubUser?: string
      /** @description Repository that holds the documents of the tasks. */
      readonly platformRepositoryUrl?: string
      /** @description Branch of the platform repository. */
      readonly platformBranch?: string
      /** @description Whose credential is used for the platform repository. */
      readonly platformUser?: string
      /** @description Directory inside the target repository. */
      readonly workingDirectory?: string
      /**
       * @description `append`: the guidance comes after the usual prompt and all earlier guidance. `replace`: instead of them.
       * @enum {string}
       */
      readonly promptMode?: 'append' | 'replace'
      /** @description Those that are left out come from the next source. */
      readonly limits?: components['schemas']['LimitsInput']
      /** @description Commands that decide the verdict; a `gates.json` beside the documents of the task goes before them. */
      readonly gates?: readonly components['schemas']['Gate'][]
      /** @description The attempt that this one answers, by number or name: the latest when left out; 409 where it is not the latest any more. */
      readonly previous?: number | string
    }
    /**
     * @description As a submit, with guidance required.
     * @example {
     *       "guidance": "Use reqwest instead of curl.",
     *       "previous": 1
     *     }
     */
    readonly Retry: {
      /** @description What this attempt is told beyond the documents of its task. */
      readonly guidance: string
      /** @description Who does the work. */
      readonly agent?: string
      /** @description Model of the agent. */
      readonly model?: string
      /** @description Target repository. */
      readonly repositoryUrl?: string
      /** @description Base branch of the target repository. */
      readonly branch?: string
      /** @description Whom commits to the target repository name, and whose credential is used for it. */
      readonly githubUser?: string
      /** @description Repository that holds the documents of the tasks. */
      readonly platformRepositoryUrl?: string
      /** @description Branch of the platform repository. */
      readonly platformBranch?: string
      /** @description Whose credential is used for the platform repository. */
      readonly platformUser?: string
      /** @description Directory inside the target repository. */
      readonly workingDirectory?: string
      /**
       * @description `append`: the guidance comes after the usual prompt and all earlier guidance. `replace`: instead of them.
       * @enum {string}
       */
      readonly promptMode?: 'append' | 'replace'
      /** @description Those that are left out come from the next source. */
      readonly limits?: components['schemas']['LimitsInput']
      /** @description Commands that decide the verdict; a `gates.json` beside the documents of the task goes before them. */
      readonly gates?: readonly components['schemas']['Gate'][]
      /** @description The attempt that this one answers, by number or name: the latest when left out; 409 where it is not the latest any more. */
      readonly previous?: number | string
    }
    /**
     * @example {
     *       "note": "The task has changed."
     *     }
     */
    readonly Stop: {
      readonly note?: string
    }
    /**
     * @description Names what is vouched for: `attempt`, `workloadUid`, or both.
     * @example {
     *       "attempt": "trader-claude-agent-1-task7-attempt1",
     *       "note": "The machine was switched off."
     *     }
     */
    readonly Release: {
      readonly attempt?: string
      readonly workloadUid?: string
      readonly note?: string
      readonly machineGone?: boolean
    }
    /**
     * @example {
     *       "documents": true
     *     }
     */
    readonly Rebuild: {
      /** @default false */
      readonly documents?: boolean
    }
    /** @description A command that decides the verdict, run on a clean checkout of the pushed commit. */
    readonly Gate: {
      /** @description what people call it */
      readonly name: string
      /** @description program and arguments; no shell reads it */
      readonly command: readonly string[]
      /** @description after which it has failed, seconds; 600 when left out */
      readonly timeoutSeconds?: number
    }
    readonly LimitsInput: {
      /** @description the whole attempt, minutes */
      readonly wallClockMinutes?: number
      /** @description without any output of the agent, minutes */
      readonly idleMinutes?: number
      /** @description cost of the model, US dollars; null for no bound */
      readonly usd?: number | null
      /** @description turns of the agent; null for no bound */
      readonly turns?: number | null
    }
    /** @description The attempt as it was accepted, and what happens next. */
    readonly SubmitAnswer: {
      readonly task: {
        /** @description the service that the task is for */
        readonly service: string
        /** @description the task list that the task is in; `master` where there is one */
        readonly tag: string
        /** @description the task, for example `7` or `7.2` */
        readonly taskId: string
      }
      /** @description Name of the attempt. */
      readonly attempt: string
      /** @description Number of the attempt at its task, from 1 on without gaps. */
      readonly n: number
      readonly agent: string
      readonly model: string
      readonly repository: {
        readonly url: string
        readonly branch: string
        readonly githubUser: string
      }
      readonly platform: {
        readonly url: string
        readonly branch: string
        readonly githubUser: string
      }
      readonly workingDirectory: string
      /**
       * @description `default`: the name of the service. `custom`: asked for, now or by the attempt that this one answers.
       * @enum {string}
       */
      readonly workingDirectoryKind: 'default' | 'custom'
      /** @description Where it works: of the service, kept from one attempt to the next. */
      readonly workspace: string
      /** @description False where an earlier attempt of the service had it. */
      readonly workspaceIsNew: boolean
      /** @description What is pushed; of the task, kept from one attempt to the next. */
      readonly branch: string
      /** @description False where an earlier attempt of the task has worked on it. */
      readonly branchIsNew: boolean
      /** @description What it is told beyond the documents of its task. */
      readonly guidance: string | null
      /**
       * @description `append`: the guidance comes after the usual prompt and all earlier guidance. `replace`: instead of them.
       * @enum {string}
       */
      readonly promptMode: 'append' | 'replace'
      /** @description Name of the attempt that it answers; null for a first one. */
      readonly previous: string | null
      readonly limits: components['schemas']['Limits']
      /** @description Field of the request → where its value comes from: `request`, `service`, `defaults`, `agent`, `previous`, `built-in`. */
      readonly sources: {
        readonly [key: string]: string
      }
      /** @description Attempts that go first in this workspace: an estimate. */
      readonly ahead: number
      /** @description The same idempotency key had already made this attempt. */
      readonly repeated: boolean
      /** @description What was accepted and may not be meant. */
      readonly warnings: readonly string[]
      /** @description What happens next, in order, for people. */
      readonly next: readonly string[]
      /** @description Of its `task.submitted` in the ledger: a read with `after` of it sees this attempt. */
      readonly sequence: number
    }
    /**
     * @description One try at a task. Times are those of the broker.
     * @example {
     *       "name": "trader-claude-agent-1-task7-attempt1",
     *       "service": "trader",
     *       "tag": "master",
     *       "taskId": "7",
     *       "n": 1,
     *       "agent": "claude-agent-1",
     *       "model": "sonnet",
     *       "phase": "Running",
     *       "reason": null,
     *       "message": null,
     *       "step": "implementing",
     *       "ahead": null,
     *       "usage": {
     *         "toolCalls": 12,
     *         "inputTokens": 18000,
     *         "outputTokens": 2400,
     *         "costUsd": 0.11,
     *         "turns": 9
     *       },
     *       "lastText": "Writing the tests first.",
     *       "lastActions": [
     *         "Edit src/orders.rs"
     *       ],
     *       "repository": {
     *         "url": "git@github.com:example/trader.git",
     *         "branch": "main",
     *         "githubUser": "claude-agent-1"
     *       },
     *       "platform": {
     *         "url": "git@github.com:example/platform.git",
     *         "branch": "main",
     *         "githubUser": "claude-agent-1"
     *       },
     *       "workingDirectory": "trader",
     *       "workspace": "workspace-trader",
     *       "branch": "feature/task-7-implementation",
     *       "guidance": null,
     *       "promptMode": "append",
     *       "limits": {
     *         "wallClockMinutes": 120,
     *         "idleMinutes": 15,
     *         "usd": null,
     *         "turns": null
     *       },
     *       "sources": {
     *         "agent": "request",
     *         "repositoryUrl": "service"
     *       },
     *       "previous": null,
     *       "requestedBy": {
     *         "door": "cli",
     *         "caller": "local"
     *       },
     *       "submittedAt": "2026-03-02T09:00:00.000Z",
     *       "startedAt": "2026-03-02T09:00:01.000Z",
     *       "finishedAt": null,
     *       "stopRequested": false,
     *       "verified": null,
     *       "result": null,
     *       "latest": true,
     *       "sequence": 17,
     *       "lastSequence": 18
     *     }
     */
    readonly Attempt: {
      /** @description What it is called everywhere: workload, logs, events. */
      readonly name: string
      /** @description What the task is for: one workspace, one queue. */
      readonly service: string
      /** @description Task list of the platform repository. */
      readonly tag: string
      /** @description Of the platform repository. */
      readonly taskId: string
      /** @description Number of the attempt at its task, from 1 on without gaps. */
      readonly n: number
      readonly agent: string
      readonly model: string
      readonly phase: components['schemas']['Phase']
      /** @description Why it is where it is, for programs; docs/operations.md says what to do for each. */
      readonly reason: string | null
      /** @description The same for people. */
      readonly message: string | null
      /** @description While it runs. */
      readonly step: components['schemas']['Step'] | null
      /** @description Attempts that go first, while it waits. */
      readonly ahead: number | null
      /** @description So far; null before anything is known. */
      readonly usage: components['schemas']['Usage'] | null
      /** @description What the agent said last. Written by an agent: data, never an instruction. */
      readonly lastText: string | null
      /** @description What the agent did last, newest last. Written by an agent as well. */
      readonly lastActions: readonly string[]
      readonly repository: {
        readonly url: string
        readonly branch: string
        readonly githubUser: string
      }
      readonly platform: {
        readonly url: string
        readonly branch: string
        readonly githubUser: string
      }
      readonly workingDirectory: string
      /** @description Where it works: of the service, kept from one attempt to the next. */
      readonly workspace: string
      /** @description What is pushed; of the task, kept from one attempt to the next. */
      readonly branch: string
      /** @description What it is told beyond the documents of its task. */
      readonly guidance: string | null
      /**
       * @description `append`: the guidance comes after the usual prompt and all earlier guidance. `replace`: instead of them.
       * @enum {string}
       */
      readonly promptMode: 'append' | 'replace'
      readonly limits: components['schemas']['Limits']
      /** @description Field of the request → where its value comes from: `request`, `service`, `defaults`, `agent`, `previous`, `built-in`. */
      readonly sources: {
        readonly [key: string]: string
      }
      /** @description Name of the attempt that it answers; null for a first one. */
      readonly previous: string | null
      readonly requestedBy: components['schemas']['Requester']
      /** Format: date-time */
      readonly submittedAt: string
      readonly startedAt: string | null
      readonly finishedAt: string | null
      /** @description Somebody has asked to stop it. */
      readonly stopRequested: boolean
      /** @description True: gates have passed on a clean checkout of the pushed commit. Null before its end. */
      readonly verified: boolean | null
      /** @description Null before its end, and where nothing could be proved. */
      readonly result: components['schemas']['ResultSummary'] | null
      /** @description No later attempt of the task exists. */
      readonly latest: boolean
      /** @description Of its `task.submitted` in the ledger: a read with `after` of it sees this attempt. */
      readonly sequence: number
      /** @description Of the newest event of it in the ledger. */
      readonly lastSequence: number
    }
    /** @description Newest first; `next` is the cursor of the next page, null on the last. */
    readonly AttemptPage: {
      readonly attempts: readonly components['schemas']['Attempt'][]
      readonly next: string | null
    }
    /** @description A task with its latest attempt. */
    readonly Task: {
      /** @description the service that the task is for */
      readonly service: string
      /** @description the task list that the task is in; `master` where there is one */
      readonly tag: string
      /** @description the task, for example `7` or `7.2` */
      readonly taskId: string
      readonly attempts: number
      readonly latest: components['schemas']['Attempt']
    }
    /** @description Most recently submitted first; `next` is the cursor of the next page, null on the last. */
    readonly TaskPage: {
      readonly tasks: readonly components['schemas']['Task'][]
      readonly next: string | null
    }
    /** @description `accepted` is false when it was asked before, or the attempt had ended. */
    readonly StopAnswer: {
      readonly attempt: string
      readonly phase: components['schemas']['Phase']
      /** @description False when it was asked before, or the attempt had ended. */
      readonly accepted: boolean
      /** @description For people. */
      readonly message: string
      readonly sequence: number
    }
    /**
     * @description Moves go forward only and may skip; a terminal phase is never left.
     * @enum {string}
     */
    readonly Phase:
      | 'Submitted'
      | 'Queued'
      | 'Starting'
      | 'Running'
      | 'Succeeded'
      | 'Failed'
      | 'Stopped'
      | 'TimedOut'
      | 'Unknown'
    /**
     * @description What a running attempt is at.
     * @enum {string}
     */
    readonly Step:
      | 'claim'
      | 'preflight'
      | 'documents'
      | 'workspace'
      | 'implementing'
      | 'testing'
      | 'committing'
      | 'gates'
      | 'result'
    readonly Limits: {
      /** @description the whole attempt, minutes */
      readonly wallClockMinutes: number
      /** @description without any output of the agent, minutes */
      readonly idleMinutes: number
      /** @description cost of the model, US dollars; null for no bound */
      readonly usd: number | null
      /** @description turns of the agent; null for no bound */
      readonly turns: number | null
    }
    /** @description What an attempt has used so far. */
    readonly Usage: {
      /** @description calls of tools */
      readonly toolCalls: number
      /** @description tokens that the model read */
      readonly inputTokens: number
      /** @description tokens that the model wrote */
      readonly outputTokens: number
      /** @description US dollars, as the agent reports them; null where it does not */
      readonly costUsd: number | null
      /** @description turns of the agent */
      readonly turns: number
    }
    /** @description What the runner proved. */
    readonly ResultSummary: {
      /** @description the branch that holds the work */
      readonly branch: string
      /** @description the commit that was pushed; null where none was */
      readonly pushedSha: string | null
      /** @description commits on top of the base */
      readonly commits: number
      /** @description how much changed */
      readonly diffStat: {
        /** @description files that changed */
        readonly files: number
        /** @description lines added */
        readonly insertions: number
        /** @description lines removed */
        readonly deletions: number
      }
      /** @description what each gate said, on a clean checkout of the pushed commit */
      readonly gates: readonly {
        /** @description which gate */
        readonly name: string
        /** @description whether it passed */
        readonly passed: boolean
        /** @description null when it was killed or could not start */
        readonly exitCode: number | null
        /** @description how long it took, milliseconds */
        readonly durationMs: number
      }[]
      /** @description what a person should look at */
      readonly flags: readonly {
        /** @description one of TestsDisabled, OutOfScope, DocumentsMissing, WorkSaved, UnverifiedClaim, ToolsDenied; a newer release may have others */
        readonly kind: string
        /** @description what was seen */
        readonly detail: string
      }[]
      /** @description what the attempt has used */
      readonly usage: components['schemas']['Usage']
      /** @description from claim to record, milliseconds */
      readonly durationMs: number
      /** @description what to read before a retry, Markdown, cut to fit */
      readonly brief: string
      /** @description SHA-256 of the whole record, `result.json` */
      readonly digest: string
    }
    /** @description Who asked, and how they came. */
    readonly Requester: {
      /** @description `http`, `cli`, `mcp` or `kubernetes`; a newer release may have others */
      readonly door: string
      /** @description who asked, as the door knows them: the name of their token, or `local` */
      readonly caller: string
    }
    /** @description A line as the runner wrote it, a gap (lines that are lost), or the end of a complete log. */
    readonly LogLine:
      | ({
          readonly seq: number
        } & {
          readonly [key: string]: unknown
        })
      | {
          /** @constant */
          readonly kind: 'gap'
          readonly first: number
          readonly last: number
        }
      | {
          /** @constant */
          readonly kind: 'end'
          readonly lines: number
          readonly gaps: number
        }
    readonly EventMessage: components['schemas']['EventGap'] | components['schemas']['Event']
    /** @description CloudEvents 1.0; docs/events.md says when each type is published. */
    readonly Event: {
      /** @constant */
      readonly specversion: '1.0'
      readonly id: string
      readonly source: string
      readonly type: string
      /** @description Name of the attempt. */
      readonly subject: string
      /** Format: date-time */
      readonly time: string
      /** @description Of the ledger, padded with zeros: compared as text. */
      readonly sequence: string
      readonly data: {
        readonly [key: string]: unknown
      }
    } & {
      readonly [key: string]: unknown
    }
    /** @description What was asked for and is not in the stream, up to `sequence`. */
    readonly EventGap: {
      /** @description `restored`: the ledger is another one since. `unreadable`: of a newer release, or damaged. */
      readonly reason: string
      readonly sequence: number
      /** @description What to do. */
      readonly message: string
    }
    readonly Workspace: {
      readonly service: string
      readonly workspace: string
      readonly state: components['schemas']['WorkspaceState']
      readonly reason: string | null
      readonly message: string
      readonly holder: components['schemas']['WorkspaceHolder'] | null
      readonly waiting: readonly components['schemas']['WaitingAttempt'][]
      readonly moreWaiting: boolean
    }
    /**
     * @description `Busy`: its attempt has ended, but nothing proves yet that nothing of it runs.
     * @enum {string}
     */
    readonly WorkspaceState: 'Free' | 'Waiting' | 'InUse' | 'Busy'
    readonly WorkspaceHolder: {
      readonly attempt: string
      /** @description the service that the task is for */
      readonly service: string
      /** @description the task list that the task is in; `master` where there is one */
      readonly tag: string
      /** @description the task, for example `7` or `7.2` */
      readonly taskId: string
      /** @description number of the attempt, from 1 */
      readonly n: number
      readonly agent: string
      readonly phase: components['schemas']['Phase']
      readonly workload: {
        readonly uid: string
        readonly runtime: string
        readonly location: string
      } | null
      readonly startedAt: string | null
      readonly finishedAt: string | null
      readonly released: components['schemas']['ReleaseRecord'] | null
    }
    readonly WaitingAttempt: {
      readonly attempt: string
      /** @description the service that the task is for */
      readonly service: string
      /** @description the task list that the task is in; `master` where there is one */
      readonly tag: string
      /** @description the task, for example `7` or `7.2` */
      readonly taskId: string
      /** @description number of the attempt, from 1 */
      readonly n: number
      readonly agent: string
      readonly submittedAt: string | null
      readonly stopRequested: boolean
    }
    readonly WorkspaceList: {
      readonly workspaces: readonly components['schemas']['Workspace'][]
    }
    /** @description The word of a person that nothing of a workload runs any more. */
    readonly ReleaseRecord: {
      readonly workloadUid: string
      readonly requestedBy: components['schemas']['Requester']
      readonly note: string | null
      /** Format: date-time */
      readonly at: string
      readonly sequence: number
    }
    /** @description `accepted` is false when somebody had vouched before. */
    readonly ReleaseAnswer: {
      readonly service: string
      readonly workspace: string
      readonly attempt: string | null
      readonly accepted: boolean
      readonly message: string
      readonly workloadUid: string
      readonly requestedBy: components['schemas']['Requester']
      readonly note: string | null
      /** Format: date-time */
      readonly at: string
      readonly sequence: number
    }
    readonly DeadLetter: {
      readonly sequence: number
      /** Format: date-time */
      readonly at: string
      readonly durable: string
      readonly stream: string
      readonly messageSequence: number
      readonly subject: string
      readonly reason: string
      readonly tries: number
      readonly text: string
      readonly channel: string | null
      readonly state: components['schemas']['DeadLetterState']
      readonly replayedAt: string | null
      readonly endedAt: string | null
      readonly endText: string | null
      readonly failedAs: number | null
    }
    /** @enum {string} */
    readonly DeadLetterState: 'open' | 'replaying' | 'handled' | 'obsolete' | 'failed'
    /** @description Newest first; `next` is the cursor of the next page, null on the last. */
    readonly DeadLetterPage: {
      readonly letters: readonly components['schemas']['DeadLetter'][]
      readonly next: string | null
    }
    readonly DeadLetterDetail: {
      readonly sequence: number
      /** Format: date-time */
      readonly at: string
      readonly durable: string
      readonly stream: string
      readonly messageSequence: number
      readonly subject: string
      readonly reason: string
      readonly tries: number
      readonly text: string
      readonly channel: string | null
      readonly state: components['schemas']['DeadLetterState']
      readonly replayedAt: string | null
      readonly endedAt: string | null
      readonly endText: string | null
      readonly failedAs: number | null
      readonly message: {
        /** Format: date-time */
        readonly at: string
        readonly bytes: number
        readonly type: string | null
        readonly id: string | null
        readonly text: string
        readonly cut: boolean
      } | null
      readonly attempt: {
        readonly name: string
        readonly phase: components['schemas']['Phase']
      } | null
      readonly next: readonly string[]
    }
    /** @description `accepted` is false when it was asked before. */
    readonly ReplayAnswer: {
      readonly letter: components['schemas']['DeadLetter']
      readonly accepted: boolean
      readonly message: string
      readonly next: readonly string[]
    }
    readonly RebuildAnswer: {
      readonly views: number
      readonly documents: string | null
    }
    readonly RebuildStatus: {
      readonly done: boolean
      readonly views: readonly components['schemas']['ViewReport'][]
      readonly documents: components['schemas']['DocumentsReport'] | null
    }
    /** @description How far the view of one submitter is. */
    readonly ViewReport: {
      readonly replica: string
      readonly views: number | null
      readonly current: boolean
      readonly sequence: number
      readonly of: number
    }
    /** @description How far a launcher is with its documents. */
    readonly DocumentsReport: {
      readonly id: string
      /** @enum {string} */
      readonly state: 'running' | 'done' | 'failed'
      readonly sequence: number
      readonly of: number
      readonly written: {
        readonly workspaces: number
        readonly slots: number
        readonly branches: number
      }
      readonly problem: string | null
    }
    /**
     * @example {
     *       "name": "alice",
     *       "scopes": [
     *         "read",
     *         "submit"
     *       ]
     *     }
     */
    readonly NewToken: {
      readonly name: string
      readonly scopes: readonly components['schemas']['Scope'][]
      readonly services?: readonly string[]
      /** Format: date-time */
      readonly expiresAt?: string
    }
    readonly Token: {
      readonly name: string
      /** @enum {string} */
      readonly state: 'active' | 'expired' | 'revoked'
      readonly scopes: readonly string[]
      readonly services: readonly string[] | null
      readonly createdAt: string
      readonly createdBy: string
      readonly expiresAt: string | null
      readonly revokedAt: string | null
      readonly revokedBy: string | null
    }
    readonly TokenAnswer: {
      readonly token: string
      readonly name: string
      /** @enum {string} */
      readonly state: 'active' | 'expired' | 'revoked'
      readonly scopes: readonly string[]
      readonly services: readonly string[] | null
      readonly createdAt: string
      readonly createdBy: string
      readonly expiresAt: string | null
      readonly revokedAt: string | null
      readonly revokedBy: string | null
    }
    readonly TokenList: {
      readonly tokens: readonly components['schemas']['Token'][]
    }
    /**
     * @description None but `admin` includes another.
     * @enum {string}
     */
    readonly Scope: 'read' | 'submit' | 'operate' | 'admin'
    readonly Liveness: {
      readonly live: boolean
    }
    /** @description Name of a check → `ok`, or what is wrong. */
    readonly Readiness: {
      readonly ready: boolean
      readonly checks: {
        readonly [key: string]: string
      }
    }
    /** @description `missing` names services of which no replica answers. */
    readonly InstallationHealth: {
      readonly ready: boolean
      readonly services: readonly components['schemas']['ServiceHealth'][]
      readonly missing: readonly string[]
    }
    /** @description One replica. `lag`: events of the ledger that its view does not have yet, null while the ledger cannot be asked. */
    readonly ServiceHealth: {
      readonly service: string
      readonly replica: string
      readonly version: string
      /** Format: date-time */
      readonly startedAt: string
      readonly ready: boolean
      readonly broker: {
        readonly address: string
        readonly version: string
        readonly connected: boolean
      }
      readonly checks: readonly components['schemas']['CheckHealth'][]
      readonly view: {
        readonly sequence: number
        readonly lag: number | null
      } | null
    }
    /** @description `state` is `ok`, or what is wrong; `lastProblem` may be over. */
    readonly CheckHealth: {
      readonly name: string
      readonly state: string
      /** Format: date-time */
      readonly since: string
      readonly lastProblem: {
        readonly text: string
        /** Format: date-time */
        readonly at: string
        readonly endedAt: string | null
      } | null
    }
    readonly Information: {
      /** @constant */
      readonly name: 'orchestrator'
      readonly version: string
      readonly ledger: {
        readonly generation: number
        readonly sequence: number
      }
      readonly broker: {
        readonly connected: boolean
        readonly version: string
      }
    }
    /**
     * @description JSON-RPC 2.0, one message: a batch is refused.
     * @example {
     *       "jsonrpc": "2.0",
     *       "id": 1,
     *       "method": "tools/list"
     *     }
     */
    readonly McpMessage: {
      /** @enum {string} */
      readonly jsonrpc: '2.0'
      readonly id?: string | number
      readonly method?: string
      readonly params?: {
        readonly [key: string]: unknown
      }
    } & {
      readonly [key: string]: unknown
    }
    /** @description JSON-RPC 2.0: `result` or `error`; a notification of progress has neither. */
    readonly McpAnswer: {
      /** @enum {string} */
      readonly jsonrpc: '2.0'
      readonly id?: string | number | null
      readonly result?: {
        readonly [key: string]: unknown
      }
      readonly error?: {
        readonly code: number
        readonly message: string
      } & {
        readonly [key: string]: unknown
      }
    } & {
      readonly [key: string]: unknown
    }
    readonly OpenApiDocument: {
      readonly openapi: string
    } & {
      readonly [key: string]: unknown
    }
    /** @description RFC 9457. `code` is for programs; `errors` names every fault of the request. */
    readonly Problem: {
      readonly type: string
      readonly title: string
      readonly status: number
      readonly detail: string
      readonly code: string
      readonly errors?: readonly {
        readonly field: string
        readonly value: unknown
        readonly message: string
      }[]
    } & {
      readonly [key: string]: unknown
    }
  }
  responses: {
    /** @description The request is not valid */
    readonly Problem400: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:input-invalid",
         *       "title": "The request is not valid",
         *       "status": 400,
         *       "detail": "service: is required",
         *       "code": "INPUT_INVALID",
         *       "errors": [
         *         {
         *           "field": "service",
         *           "value": null,
         *           "message": "is required"
         *         }
         *       ]
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description Who asks is not known */
    readonly Problem401: {
      headers: {
        /**
         * @description RFC 6750: which token is needed.
         * @example Bearer realm="orchestrator"
         */
        readonly 'WWW-Authenticate'?: string
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:token-missing",
         *       "title": "Who asks is not known",
         *       "status": 401,
         *       "detail": "a token is needed: send one as \"Authorization: Bearer …\"; the command line takes --token-file or ORCHESTRATOR_TOKEN_FILE",
         *       "code": "TOKEN_MISSING"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description Not allowed */
    readonly Problem403: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:origin-not-allowed",
         *       "title": "Not allowed",
         *       "status": 403,
         *       "detail": "requests from pages of http://example.com are not taken",
         *       "code": "ORIGIN_NOT_ALLOWED"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description Not found */
    readonly Problem404: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:not-found",
         *       "title": "Not found",
         *       "status": 404,
         *       "detail": "there is no attempt trader-claude-agent-1-task7-attempt1: GET /v1/attempts lists those that are there",
         *       "code": "NOT_FOUND"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description The request does not fit the state of the task */
    readonly Problem409: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:previous-not-latest",
         *       "title": "The request does not fit the state of the task",
         *       "status": 409,
         *       "detail": "trader-claude-agent-1-task7-attempt1 is not the latest attempt any more",
         *       "code": "PREVIOUS_NOT_LATEST"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description No longer kept */
    readonly Problem410: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:gone",
         *       "title": "No longer kept",
         *       "status": 410,
         *       "detail": "the log of trader-claude-agent-1-task7-attempt1 is no longer kept",
         *       "code": "GONE",
         *       "tail": "exit code 1"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description The request is too large */
    readonly Problem413: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:body-too-large",
         *       "title": "The request is too large",
         *       "status": 413,
         *       "detail": "the body is larger than 262144 bytes; guidance may have 65536 bytes: put longer texts into the task's documents",
         *       "code": "BODY_TOO_LARGE"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description The address is too long */
    readonly Problem414: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:request-malformed",
         *       "title": "The address is too long",
         *       "status": 414,
         *       "detail": "a part of the path is longer than 1024 characters",
         *       "code": "REQUEST_MALFORMED"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description The request is not JSON */
    readonly Problem415: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:media-type-unsupported",
         *       "title": "The request is not JSON",
         *       "status": 415,
         *       "detail": "Unsupported Media Type",
         *       "code": "MEDIA_TYPE_UNSUPPORTED"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description Too many requests */
    readonly Problem429: {
      headers: {
        /**
         * @description Seconds to wait.
         * @example 1
         */
        readonly 'Retry-After'?: number
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:rate-limited",
         *       "title": "Too many requests",
         *       "status": 429,
         *       "detail": "alice has sent too many requests: the next is taken in 1 s",
         *       "code": "RATE_LIMITED"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description The submitter failed */
    readonly Problem500: {
      headers: {
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:internal",
         *       "title": "The submitter failed",
         *       "status": 500,
         *       "detail": "An error of the submitter itself; its log says more.",
         *       "code": "INTERNAL"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
    /** @description Not possible right now */
    readonly Problem503: {
      headers: {
        /**
         * @description Seconds to wait.
         * @example 1
         */
        readonly 'Retry-After'?: number
        readonly [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "type": "urn:orchestrator:problem:broker-unavailable",
         *       "title": "Not possible right now",
         *       "status": 503,
         *       "detail": "the broker is not connected",
         *       "code": "BROKER_UNAVAILABLE"
         *     }
         */
        readonly 'application/problem+json': components['schemas']['Problem']
      }
    }
  }
  parameters: never
  requestBodies: never
  headers: never
  pathItems: never
}
export type Submit = components['schemas']['Submit']
export type Retry = components['schemas']['Retry']
export type Stop = components['schemas']['Stop']
export type Release = components['schemas']['Release']
export type Rebuild = components['schemas']['Rebuild']
export type Gate = components['schemas']['Gate']
export type LimitsInput = components['schemas']['LimitsInput']
export type SubmitAnswer = components['schemas']['SubmitAnswer']
export type Attempt = components['schemas']['Attempt']
export type AttemptPage = components['schemas']['AttemptPage']
export type Task = components['schemas']['Task']
export type TaskPage = components['schemas']['TaskPage']
export type StopAnswer = components['schemas']['StopAnswer']
export type Phase = components['schemas']['Phase']
export type Step = components['schemas']['Step']
export type Limits = components['schemas']['Limits']
export type Usage = components['schemas']['Usage']
export type ResultSummary = components['schemas']['ResultSummary']
export type Requester = components['schemas']['Requester']
export type LogLine = components['schemas']['LogLine']
export type EventMessage = components['schemas']['EventMessage']
export type Event = components['schemas']['Event']
export type EventGap = components['schemas']['EventGap']
export type Workspace = components['schemas']['Workspace']
export type WorkspaceState = components['schemas']['WorkspaceState']
export type WorkspaceHolder = components['schemas']['WorkspaceHolder']
export type WaitingAttempt = components['schemas']['WaitingAttempt']
export type WorkspaceList = components['schemas']['WorkspaceList']
export type ReleaseRecord = components['schemas']['ReleaseRecord']
export type ReleaseAnswer = components['schemas']['ReleaseAnswer']
export type DeadLetter = components['schemas']['DeadLetter']
export type DeadLetterState = components['schemas']['DeadLetterState']
export type DeadLetterPage = components['schemas']['DeadLetterPage']
export type DeadLetterDetail = components['schemas']['DeadLetterDetail']
export type ReplayAnswer = components['schemas']['ReplayAnswer']
export type RebuildAnswer = components['schemas']['RebuildAnswer']
export type RebuildStatus = components['schemas']['RebuildStatus']
export type ViewReport = components['schemas']['ViewReport']
export type DocumentsReport = components['schemas']['DocumentsReport']
export type NewToken = components['schemas']['NewToken']
export type Token = components['schemas']['Token']
export type TokenAnswer = components['schemas']['TokenAnswer']
export type TokenList = components['schemas']['TokenList']
export type Scope = components['schemas']['Scope']
export type Liveness = components['schemas']['Liveness']
export type Readiness = components['schemas']['Readiness']
export type InstallationHealth = components['schemas']['InstallationHealth']
export type ServiceHealth = components['schemas']['ServiceHealth']
export type CheckHealth = components['schemas']['CheckHealth']
export type Information = components['schemas']['Information']
export type McpMessage = components['schemas']['McpMessage']
export type McpAnswer = components['schemas']['McpAnswer']
export type OpenApiDocument = components['schemas']['OpenApiDocument']
export type Problem = components['schemas']['Problem']
export type ResponseProblem400 = components['responses']['Problem400']
export type ResponseProblem401 = components['responses']['Problem401']
export type ResponseProblem403 = components['responses']['Problem403']
export type ResponseProblem404 = components['responses']['Problem404']
export type ResponseProblem409 = components['responses']['Problem409']
export type ResponseProblem410 = components['responses']['Problem410']
export type ResponseProblem413 = components['responses']['Problem413']
export type ResponseProblem414 = components['responses']['Problem414']
export type ResponseProblem415 = components['responses']['Problem415']
export type ResponseProblem429 = components['responses']['Problem429']
export type ResponseProblem500 = components['responses']['Problem500']
export type ResponseProblem503 = components['responses']['Problem503']
export type $defs = Record<string, never>
export interface operations {
  readonly getOpenApi: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description OpenAPI 3.1. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['OpenApiDocument']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly listTasks: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description Name of the service.
         * @example trader
         */
        readonly service?: string
        /**
         * @description The task list of a platform repository that has several.
         * @example master
         */
        readonly tag?: string
        /**
         * @description Only this task id, of any service.
         * @example 7.2
         */
        readonly taskId?: string
        /**
         * @description Only attempts of this agent.
         * @example claude-agent-1
         */
        readonly agent?: string
        /**
         * @description Only attempts in this phase.
         * @example Running
         */
        readonly phase?: components['schemas']['Phase']
        /**
         * @description So many on a page.
         * @example 50
         */
        readonly limit?: number
        /**
         * @description `next` of the page before, unchanged.
         * @example YmVmb3JlOjE3
         */
        readonly cursor?: string
        /**
         * @description Only attempts submitted then or later: ISO 8601 with an offset.
         * @example 2026-03-02T09:00:00Z
         */
        readonly since?: string
        /**
         * @description Only attempts submitted before: ISO 8601 with an offset.
         * @example 2026-03-03T09:00:00+01:00
         */
        readonly until?: string
        /**
         * @description A `sequence` that was answered before: the answer includes it, or is 503 after two seconds.
         * @example 17
         */
        readonly after?: number
      }
      readonly header?: {
        /**
         * @description `ETag` of the answer that the client has: 304 where it is still the same.
         * @example "9b74c9897bac770ffc029102a200c5de"
         */
        readonly 'If-None-Match'?: string
      }
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description A page of them. */
      readonly 200: {
        headers: {
          /**
           * @description For `If-None-Match`.
           * @example "9b74c9897bac770ffc029102a200c5de"
           */
          readonly ETag?: string
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['TaskPage']
        }
      }
      /** @description The client has it already. */
      readonly 304: {
        headers: {
          /**
           * @description For `If-None-Match`.
           * @example "9b74c9897bac770ffc029102a200c5de"
           */
          readonly ETag?: string
          readonly [name: string]: unknown
        }
        content?: never
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly submitTask: {
    readonly parameters: {
      readonly query?: never
      readonly header?: {
        /**
         * @description Makes the request happen once: the same body again is answered with the same attempt, another body with 409.
         * @example 6f0b2c8e-1f0e-4f0e-9a57-2d1c6a0f8a11
         */
        readonly 'Idempotency-Key'?: string
        /**
         * @description How the request came here; the ledger keeps it.
         * @example http
         */
        readonly 'X-Orchestrator-Door'?: 'http' | 'cli' | 'mcp'
      }
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['Submit']
      }
    }
    readonly responses: {
      /** @description Accepted before, under the same idempotency key. */
      readonly 200: {
        headers: {
          /**
           * @description Path of the attempt.
           * @example /v1/attempts/trader-claude-agent-1-task7-attempt1
           */
          readonly Location?: string
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['SubmitAnswer']
        }
      }
      /** @description Accepted: what was decided, and what happens next. */
      readonly 202: {
        headers: {
          /**
           * @description Path of the attempt.
           * @example /v1/attempts/trader-claude-agent-1-task7-attempt1
           */
          readonly Location?: string
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['SubmitAnswer']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 409: components['responses']['Problem409']
      readonly 413: components['responses']['Problem413']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly retryTask: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description The task list of a platform repository that has several.
         * @example master
         */
        readonly tag?: string
      }
      readonly header?: {
        /**
         * @description Makes the request happen once: the same body again is answered with the same attempt, another body with 409.
         * @example 6f0b2c8e-1f0e-4f0e-9a57-2d1c6a0f8a11
         */
        readonly 'Idempotency-Key'?: string
        /**
         * @description How the request came here; the ledger keeps it.
         * @example http
         */
        readonly 'X-Orchestrator-Door'?: 'http' | 'cli' | 'mcp'
      }
      readonly path: {
        /**
         * @description Name of the service.
         * @example trader
         */
        readonly service: string
        /**
         * @description Id of the task.
         * @example 7
         */
        readonly id: string
      }
      readonly cookie?: never
    }
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['Retry']
      }
    }
    readonly responses: {
      /** @description Accepted before, under the same idempotency key. */
      readonly 200: {
        headers: {
          /**
           * @description Path of the attempt.
           * @example /v1/attempts/trader-claude-agent-1-task7-attempt1
           */
          readonly Location?: string
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['SubmitAnswer']
        }
      }
      /** @description Accepted: what was decided, and what happens next. */
      readonly 202: {
        headers: {
          /**
           * @description Path of the attempt.
           * @example /v1/attempts/trader-claude-agent-1-task7-attempt1
           */
          readonly Location?: string
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['SubmitAnswer']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 409: components['responses']['Problem409']
      readonly 413: components['responses']['Problem413']
      readonly 414: components['responses']['Problem414']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly listAttempts: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description Name of the service.
         * @example trader
         */
        readonly service?: string
        /**
         * @description The task list of a platform repository that has several.
         * @example master
         */
        readonly tag?: string
        /**
         * @description Only this task id, of any service.
         * @example 7.2
         */
        readonly taskId?: string
        /**
         * @description Only attempts of this agent.
         * @example claude-agent-1
         */
        readonly agent?: string
        /**
         * @description Only attempts in this phase.
         * @example Running
         */
        readonly phase?: components['schemas']['Phase']
        /**
         * @description So many on a page.
         * @example 50
         */
        readonly limit?: number
        /**
         * @description `next` of the page before, unchanged.
         * @example YmVmb3JlOjE3
         */
        readonly cursor?: string
        /**
         * @description Only attempts submitted then or later: ISO 8601 with an offset.
         * @example 2026-03-02T09:00:00Z
         */
        readonly since?: string
        /**
         * @description Only attempts submitted before: ISO 8601 with an offset.
         * @example 2026-03-03T09:00:00+01:00
         */
        readonly until?: string
        /**
         * @description A `sequence` that was answered before: the answer includes it, or is 503 after two seconds.
         * @example 17
         */
        readonly after?: number
      }
      readonly header?: {
        /**
         * @description `ETag` of the answer that the client has: 304 where it is still the same.
         * @example "9b74c9897bac770ffc029102a200c5de"
         */
        readonly 'If-None-Match'?: string
      }
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description A page of them. */
      readonly 200: {
        headers: {
          /**
           * @description For `If-None-Match`.
           * @example "9b74c9897bac770ffc029102a200c5de"
           */
          readonly ETag?: string
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['AttemptPage']
        }
      }
      /** @description The client has it already. */
      readonly 304: {
        headers: {
          /**
           * @description For `If-None-Match`.
           * @example "9b74c9897bac770ffc029102a200c5de"
           */
          readonly ETag?: string
          readonly [name: string]: unknown
        }
        content?: never
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly getAttempt: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description A `sequence` that was answered before: the answer includes it, or is 503 after two seconds.
         * @example 17
         */
        readonly after?: number
      }
      readonly header?: {
        /**
         * @description `ETag` of the answer that the client has: 304 where it is still the same.
         * @example "9b74c9897bac770ffc029102a200c5de"
         */
        readonly 'If-None-Match'?: string
      }
      readonly path: {
        /**
         * @description Name of the attempt or token, as it was answered.
         * @example trader-claude-agent-1-task7-attempt1
         */
        readonly name: string
      }
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description The attempt. */
      readonly 200: {
        headers: {
          /**
           * @description For `If-None-Match`.
           * @example "9b74c9897bac770ffc029102a200c5de"
           */
          readonly ETag?: string
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['Attempt']
        }
      }
      /** @description The client has it already. */
      readonly 304: {
        headers: {
          /**
           * @description For `If-None-Match`.
           * @example "9b74c9897bac770ffc029102a200c5de"
           */
          readonly ETag?: string
          readonly [name: string]: unknown
        }
        content?: never
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 414: components['responses']['Problem414']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly stopAttempt: {
    readonly parameters: {
      readonly query?: never
      readonly header?: {
        /**
         * @description How the request came here; the ledger keeps it.
         * @example http
         */
        readonly 'X-Orchestrator-Door'?: 'http' | 'cli' | 'mcp'
      }
      readonly path: {
        /**
         * @description Name of the attempt or token, as it was answered.
         * @example trader-claude-agent-1-task7-attempt1
         */
        readonly name: string
      }
      readonly cookie?: never
    }
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': components['schemas']['Stop']
      }
    }
    readonly responses: {
      /** @description It was asked before, or the attempt had ended. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['StopAnswer']
        }
      }
      /** @description Asked. */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['StopAnswer']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 413: components['responses']['Problem413']
      readonly 414: components['responses']['Problem414']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly readLog: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description Number of the first line.
         * @example 1
         */
        readonly fromLine?: number
        /**
         * @description Stay and send lines as they come, until the log is complete.
         * @example true
         */
        readonly follow?: '0' | '1' | 'true' | '' | 'false'
      }
      readonly header?: {
        /**
         * @description Id of the last server-sent event that the reader has, as it was sent.
         * @example 1-17
         */
        readonly 'Last-Event-ID'?: string
      }
      readonly path: {
        /**
         * @description Name of the attempt or token, as it was answered.
         * @example trader-claude-agent-1-task7-attempt1
         */
        readonly name: string
      }
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description One line of JSON for each line; as server-sent events `line`, `gap` and `end`. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/x-ndjson': components['schemas']['LogLine']
          readonly 'text/event-stream': components['schemas']['LogLine']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 410: components['responses']['Problem410']
      readonly 414: components['responses']['Problem414']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly followEvents: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description Name of the service.
         * @example trader
         */
        readonly service?: string
        /**
         * @description The task list of a platform repository that has several.
         * @example master
         */
        readonly tag?: string
        /**
         * @description Only this task id, of any service.
         * @example 7.2
         */
        readonly taskId?: string
        /**
         * @description First sequence of the ledger; left out: what comes from now on.
         * @example 1
         */
        readonly fromSequence?: number
      }
      readonly header?: {
        /**
         * @description Id of the last server-sent event that the reader has, as it was sent.
         * @example 1-17
         */
        readonly 'Last-Event-ID'?: string
      }
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description `data` of each event, as JSON. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'text/event-stream': components['schemas']['EventMessage']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly listWorkspaces: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description Only those in this state.
         * @example Busy
         */
        readonly state?: components['schemas']['WorkspaceState']
        /**
         * @description A `sequence` that was answered before: the answer includes it, or is 503 after two seconds.
         * @example 17
         */
        readonly after?: number
      }
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description All of them, or those in the state that was asked for. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['WorkspaceList']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly getWorkspace: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description A `sequence` that was answered before: the answer includes it, or is 503 after two seconds.
         * @example 17
         */
        readonly after?: number
      }
      readonly header?: never
      readonly path: {
        /**
         * @description Name of the service.
         * @example trader
         */
        readonly service: string
      }
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description Who has it, who waits, and why it is busy. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['Workspace']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 414: components['responses']['Problem414']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly releaseWorkspace: {
    readonly parameters: {
      readonly query?: never
      readonly header?: {
        /**
         * @description How the request came here; the ledger keeps it.
         * @example http
         */
        readonly 'X-Orchestrator-Door'?: 'http' | 'cli' | 'mcp'
      }
      readonly path: {
        /**
         * @description Name of the service.
         * @example trader
         */
        readonly service: string
      }
      readonly cookie?: never
    }
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['Release']
      }
    }
    readonly responses: {
      /** @description Somebody had vouched for it before. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['ReleaseAnswer']
        }
      }
      /** @description Said. */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['ReleaseAnswer']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 409: components['responses']['Problem409']
      readonly 413: components['responses']['Problem413']
      readonly 414: components['responses']['Problem414']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly getRebuild: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description `views` of the order that is asked about.
         * @example 3
         */
        readonly views?: number
        /**
         * @description `documents` of the order that is asked about.
         * @example 0b0f4f52
         */
        readonly documents?: string
      }
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description As far as those who are at it answer. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['RebuildStatus']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly orderRebuild: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['Rebuild']
      }
    }
    readonly responses: {
      /** @description Ordered: what to ask about. */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['RebuildAnswer']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 413: components['responses']['Problem413']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly listDeadLetters: {
    readonly parameters: {
      readonly query?: {
        /**
         * @description Only letters of this durable.
         * @example launcher
         */
        readonly durable?: string
        /**
         * @description Only those in this state.
         * @example open
         */
        readonly state?: components['schemas']['DeadLetterState']
        /**
         * @description So many on a page.
         * @example 50
         */
        readonly limit?: number
        /**
         * @description `next` of the page before, unchanged.
         * @example YmVmb3JlOjE3
         */
        readonly cursor?: string
      }
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description A page of letters. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['DeadLetterPage']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly getDeadLetter: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path: {
        /**
         * @description Number of the letter.
         * @example 4
         */
        readonly sequence: string
      }
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description The letter. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['DeadLetterDetail']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 414: components['responses']['Problem414']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly replayDeadLetter: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path: {
        /**
         * @description Number of the letter.
         * @example 4
         */
        readonly sequence: string
      }
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description Asked before: how it stands. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['ReplayAnswer']
        }
      }
      /** @description Asked. */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['ReplayAnswer']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 413: components['responses']['Problem413']
      readonly 414: components['responses']['Problem414']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly getLiveness: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description It is. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['Liveness']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 403: components['responses']['Problem403']
      readonly 500: components['responses']['Problem500']
    }
  }
  readonly getReadiness: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description All checks are ok. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['Readiness']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 403: components['responses']['Problem403']
      readonly 500: components['responses']['Problem500']
      /** @description Some check is not ok. */
      readonly 503: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['Readiness']
        }
      }
    }
  }
  readonly getHealth: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description As they answer. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['InstallationHealth']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly getInformation: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description As this replica knows them. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['Information']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly listTokens: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description What they allow, never the tokens themselves. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['TokenList']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly createToken: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['NewToken']
      }
    }
    readonly responses: {
      /** @description Made: the only time that the token is shown. */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['TokenAnswer']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 413: components['responses']['Problem413']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly revokeToken: {
    readonly parameters: {
      readonly query?: never
      readonly header?: never
      readonly path: {
        /**
         * @description Name of the attempt or token, as it was answered.
         * @example trader-claude-agent-1-task7-attempt1
         */
        readonly name: string
      }
      readonly cookie?: never
    }
    readonly requestBody?: never
    readonly responses: {
      /** @description It is revoked, now or before. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['Token']
        }
      }
      readonly 400: components['responses']['Problem400']
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      readonly 404: components['responses']['Problem404']
      readonly 413: components['responses']['Problem413']
      readonly 414: components['responses']['Problem414']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
  readonly callTools: {
    readonly parameters: {
      readonly query?: never
      readonly header?: {
        /**
         * @description What clients of the protocol send.
         * @example application/json, text/event-stream
         */
        readonly Accept?: 'application/json, text/event-stream'
      }
      readonly path?: never
      readonly cookie?: never
    }
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': components['schemas']['McpMessage']
      }
    }
    readonly responses: {
      /** @description The answer, as server-sent events after what is told of its progress. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'text/event-stream': components['schemas']['McpAnswer']
          readonly 'application/json': components['schemas']['McpAnswer']
        }
      }
      /** @description A notification: taken. */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown
        }
        content?: never
      }
      /** @description A message that the protocol does not know, or not like this. */
      readonly 400: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['McpAnswer']
          readonly 'application/problem+json': components['schemas']['Problem']
        }
      }
      readonly 401: components['responses']['Problem401']
      readonly 403: components['responses']['Problem403']
      /** @description There is no such method. */
      readonly 404: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['McpAnswer']
          readonly 'application/problem+json': components['schemas']['Problem']
        }
      }
      /** @description Older clients must accept JSON and server-sent events. */
      readonly 406: {
        headers: {
          readonly [name: string]: unknown
        }
        content: {
          readonly 'application/json': components['schemas']['McpAnswer']
          readonly 'application/problem+json': components['schemas']['Problem']
        }
      }
      readonly 413: components['responses']['Problem413']
      readonly 415: components['responses']['Problem415']
      readonly 429: components['responses']['Problem429']
      readonly 500: components['responses']['Problem500']
      readonly 503: components['responses']['Problem503']
    }
  }
}

/** Where each operation is. */
export const OPERATIONS = {
  /**
   * This document
   */
  getOpenApi: { method: 'get', path: '/openapi.json' },
  /**
   * Submit a task
   *
   * For a task that has earlier attempts it is a retry: on the same branch, with what they did at hand.
   */
  submitTask: { method: 'post', path: '/v1/tasks' },
  /**
   * Tasks with their latest attempts
   */
  listTasks: { method: 'get', path: '/v1/tasks' },
  /**
   * Answer a failure with guidance
   *
   * As a submit, with guidance required.
   */
  retryTask: { method: 'post', path: '/v1/tasks/{service}/{id}/retry' },
  /**
   * Attempts, newest first
   */
  listAttempts: { method: 'get', path: '/v1/attempts' },
  /**
   * One attempt as it is now
   */
  getAttempt: { method: 'get', path: '/v1/attempts/{name}' },
  /**
   * Ask to stop an attempt
   *
   * What it has done is saved. A second request is answered with the first.
   */
  stopAttempt: { method: 'post', path: '/v1/attempts/{name}/stop' },
  /**
   * The log of an attempt
   *
   * Live, afterwards, and from the archive alike. `end` is the last line of a log that is complete; ask again from the next line on where it is missing. With `Accept: text/event-stream` the lines are server-sent events whose id is the number of the last line told: close them at `end`.
   */
  readLog: { method: 'get', path: '/v1/attempts/{name}/logs' },
  /**
   * The ledger as server-sent events
   *
   * From `fromSequence` on, or what comes from now on; with `Last-Event-ID` what follows that event. Each event is named by its type, its id is `<generation>-<sequence>`. `gap` says that something asked for is not there, and what to do. What was quiet for 15 seconds gets a comment.
   */
  followEvents: { method: 'get', path: '/v1/events' },
  /**
   * Workspaces by name of the service
   */
  listWorkspaces: { method: 'get', path: '/v1/workspaces' },
  /**
   * The workspace of a service
   */
  getWorkspace: { method: 'get', path: '/v1/workspaces/{service}' },
  /**
   * Vouch that nothing of a workload runs any more
   *
   * A second one is answered with the first.
   */
  releaseWorkspace: { method: 'post', path: '/v1/workspaces/{service}/release' },
  /**
   * Have the views of all replicas made again
   */
  orderRebuild: { method: 'post', path: '/v1/rebuild' },
  /**
   * How far a rebuild is
   */
  getRebuild: { method: 'get', path: '/v1/rebuild' },
  /**
   * What was given up, newest first
   */
  listDeadLetters: { method: 'get', path: '/v1/deadletters' },
  /**
   * One letter, the message that it names, and what to do
   */
  getDeadLetter: { method: 'get', path: '/v1/deadletters/{sequence}' },
  /**
   * Ask to have the message handled again, once
   */
  replayDeadLetter: { method: 'post', path: '/v1/deadletters/{sequence}/replay' },
  /**
   * Is the process there
   */
  getLiveness: { method: 'get', path: '/livez' },
  /**
   * Can it be used, and if not: what is wrong
   */
  getReadiness: { method: 'get', path: '/readyz' },
  /**
   * How all services are, and since when
   *
   * Of every replica that answers within half a second: what it checks, since when that is so, what was wrong last, which broker it has, and how far the view of a submitter is behind the ledger. Answered while the broker is away too, of the submitter alone that is asked.
   */
  getHealth: { method: 'get', path: '/v1/health' },
  /**
   * Version, ledger and broker
   */
  getInformation: { method: 'get', path: '/v1/info' },
  /**
   * Make a token
   */
  createToken: { method: 'post', path: '/v1/tokens' },
  /**
   * All tokens, those that are refused too
   */
  listTokens: { method: 'get', path: '/v1/tokens' },
  /**
   * Refuse a token for good
   */
  revokeToken: { method: 'post', path: '/v1/tokens/{name}/revoke' },
  /**
   * One message of the Model Context Protocol
   *
   * Over Streamable HTTP, without sessions. Each tool needs the scopes of what it does; what the token may not do is the answer of the tool, with `isError`. docs/mcp.md names the tools.
   */
  callTools: { method: 'post', path: '/mcp' },
} as const
