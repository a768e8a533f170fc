// A caller of a tenant's API, written against the types that openapi-typescript makes of the documents.
import type { operations as PlatformOperations } from "./platform";
import type { components, operations, paths } from "./tenant";

type Schemas = components["schemas"];
type ParticipantQuery = NonNullable<operations["participants_list"]["parameters"]["query"]>;
type Answer = { status: number; etag: string; body: unknown };

const participants = "/api/v1/directory/participants" satisfies keyof paths;
const resolver = "/api/v1/resolve" satisfies keyof paths;

export class Refusal extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

export class Tenant {
  constructor(private readonly url: string, private readonly token: string) {}

  async *list(query: ParticipantQuery): AsyncGenerator<Schemas["Participant"]> {
    const chosen = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    let next: string | null = `${this.url}${participants}?${new URLSearchParams(chosen)}`;
    while (next !== null) {
      const page = (await this.send("GET", next)).body as Schemas["ParticipantPage"];
      yield* page.results as Schemas["Participant"][]; // whole ones: no fields were chosen
      next = page.next;
    }
  }

  async create(body: Schemas["ParticipantWrite"], key: string): Promise<Schemas["Participant"]> {
    const headers = { "Idempotency-Key": key };
    return (await this.send("POST", this.url + participants, body, headers)).body as Schemas["Participant"];
  }

  async rename(id: string, name: string): Promise<number> {
    const read = await this.send("GET", `${this.url}${participants}/${id}`);
    const change: Schemas["ParticipantPatch"] = { name };
    const done = await this.send("PATCH", `${this.url}${participants}/${id}`, change, { "If-Match": read.etag });
    const participant = done.body as Schemas["Participant"];
    return participant.row_version;
  }

  async resolve(type: string, value: string): Promise<Schemas["RouteDirective"] | undefined> {
    const request: Schemas["ResolveRequest"] = { identifiers: [{ type, value }] };
    const answer = (await this.send("POST", this.url + resolver, request)).body as Schemas["ResolveResponse"];
    return answer.primary;
  }

  private async send(method: string, url: string, body?: unknown, more: Record<string, string> = {}): Promise<Answer> {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...more };
    const response = await fetch(url, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    const answer: unknown = await response.json();
    if (!response.ok) {
      throw new Refusal(answer as Schemas["Problem"]);
    }
    return { status: response.status, etag: response.headers.get("ETag") ?? "", body: answer };
  }
}

export async function main(url: string, token: string): Promise<string[]> {
  const acme = new Tenant(url, token);
  const said: string[] = [];
  const bank = await acme.create({ name: "Bank US", kind: "organization" }, "8e03978e-40d5-43e8-bc93-6894a57f9324");
  said.push(`version ${await acme.rename(bank.id, "Bank of the US")}`);
  for await (const one of acme.list({ limit: 1 })) {
    said.push(one.name);
  }
  said.push((await acme.resolve("bic", "NDEASESS"))?.target_address ?? "nobody");
  try {
    await acme.rename(bank.id, "");
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    const problem: Schemas["Problem"] = error.problem;
    said.push(problem.code, ...(problem.errors ?? []).map((fault) => fault.pointer ?? ""));
  }
  return said;
}

export type Health = PlatformOperations["health_live"]["responses"][200]["content"]["application/json"];
