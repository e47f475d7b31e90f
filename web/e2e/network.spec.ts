import { cast } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { expect, heardBy, join, seenBy, test } from './school.ts';

declare global {
  interface Window {
    connections: RTCPeerConnection[];
  }
}

/** Keeps every peer connection of the pages that are opened from now on. */
async function keepConnections(person: Person): Promise<void> {
  await person.context.addInitScript(() => {
    window.connections = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        window.connections.push(this);
      }
    };
  });
}

/** The ways that this person's connected transports take: type and protocol of the selected local candidate. */
function ways(person: Person): Promise<string[]> {
  return person.page.evaluate(async () => {
    const found: string[] = [];
    for (const connection of window.connections) {
      if (connection.connectionState !== 'connected') continue;
      const stats = [...(await connection.getStats()).values()] as Record<string, unknown>[];
      const transport = stats.find((one) => one['type'] === 'transport');
      const pair = stats.find((one) => one['id'] === transport?.['selectedCandidatePairId']);
      const local = stats.find((one) => one['id'] === pair?.['localCandidateId']);
      found.push(`${String(local?.['candidateType'])} ${String(local?.['protocol'])}`);
    }
    return found;
  });
}

test('where UDP does not pass, a lesson is joined over TCP within four seconds', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);
  const anna = await stage.signIn('anna', {
    flags: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'],
  });
  await keepConnections(anna);
  await anna.page.goto(`${server.url}/lesson/${server.lesson.id}`);
  await expect(anna.page.getByTestId('join')).toBeEnabled();
  const clicked = Date.now();
  await anna.page.getByTestId('join').click();
  await expect(anna.page.locator('[data-testid="room"]')).toHaveAttribute('data-media', 'connected', {
    timeout: 4_000,
  });
  const connected = Date.now() - clicked;
  expect(await ways(anna)).toEqual([expect.stringMatching(/ tcp$/), expect.stringMatching(/ tcp$/)]);
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  await expect.poll(() => heardBy(anna, 1500)).toEqual([cast.teacher.tone]);
  await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  console.log(`connected over TCP ${connected} ms after the click`);
});
