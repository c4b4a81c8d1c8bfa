/** The tables of a view. Any change raises the version: the file is then dropped and filled from the ledger again. */
import { type Phase, Phase as PhaseSchema } from '@orchestrator/shared/contracts'

export const SCHEMA_VERSION = 4
/** Marks a file as one of ours ("orch"), so that no other database is ever taken for a view and dropped. */
export const APPLICATION_ID = 0x6f_72_63_68

/** Phases as numbers, in the order of life: a live one only grows, a terminal one stays. */
export const PHASE_RANKS: readonly Phase[] = PhaseSchema.options
export const FIRST_TERMINAL_RANK = PHASE_RANKS.indexOf('Succeeded')

export function rankOf(phase: Phase): number {
  return PHASE_RANKS.indexOf(phase)
}

/**
 * One row for each attempt; each kind of event has columns of its own, so it does not matter which stream was faster.
 * A row without `submitted_seq` is known from its progress alone so far, and no query shows it.
 */
export const SCHEMA = `
  CREATE TABLE attempts (
    service TEXT NOT NULL,
    tag TEXT NOT NULL,
    task_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    rank INTEGER NOT NULL DEFAULT 0,
    latest INTEGER NOT NULL DEFAULT 0,
    submitted_seq INTEGER,
    submitted_id TEXT,
    submitted_at INTEGER,
    agent TEXT,
    repository TEXT,
    name_hash INTEGER,
    branch_hash INTEGER,
    key_hash INTEGER,
    task_hash INTEGER,
    submitted TEXT,
    stop_seq INTEGER,
    started_seq INTEGER,
    started_at INTEGER,
    finished_seq INTEGER,
    finished_at INTEGER,
    finished TEXT,
    progress_seq INTEGER,
    progress TEXT,
    PRIMARY KEY (service, tag, task_id, n)
  );

  CREATE TABLE cursors (stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, event_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

const INDEXES = {
  // By hashes of texts (hashes.ts), which are in `submitted`.
  by_name: '(name_hash, submitted_seq, task_hash)',
  by_key: '(key_hash, submitted_seq) WHERE key_hash IS NOT NULL',
  by_branch: '(branch_hash, submitted_seq)',
  // Before the sequence: what a list searches by; after it: what it may leave out without reading the row.
  list_all: '(submitted_seq, tag)',
  list_service: '(service, submitted_seq, tag, agent)',
  list_task_id: '(task_id, submitted_seq)',
  list_agent: '(agent, submitted_seq, tag)',
  list_rank: '(rank, submitted_seq, tag, agent)',
  list_service_rank: '(service, rank, submitted_seq, tag, agent)',
} as const

/**
 * A statement for each index. They are made once a new view has been filled: kept up with every event of a whole ledger
 * they would take more time than all the rest.
 */
export const INDEX_CREATIONS: ReadonlyMap<string, string> = new Map(
  Object.entries(INDEXES).map(([name, columns]) => [name, `CREATE INDEX ${name} ON attempts ${columns}`]),
)
