import { describe, expect, it } from 'vitest';
import { NetworkWatch } from './NetworkWatch.ts';

/** A watch whose clock, packets and talkers are turned by hand. */
function world() {
  const state = { now: 1_000, packets: 0, talkers: 2, alarms: 0, connected: true };
  const stats = () =>
    Promise.resolve(new Map([['a', { type: 'inbound-rtp', packetsReceived: state.packets }]])) as never;
  const connection = { getStats: stats };
  const watch = new NetworkWatch({
    connection: () => (state.connected ? connection : undefined),
    talkers: () => state.talkers,
    silent: () => {
      state.alarms += 1;
    },
    clock: { now: () => state.now, after: () => () => {} },
  });
  const pass = async (ms: number, packets: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      state.now += 250;
      state.packets += packets;
      await watch.look();
    }
  };
  return { state, watch, pass };
}

describe('NetworkWatch', () => {
  it('alarms after half a second without packets of two people', async () => {
    const { state, pass } = world();
    await pass(1_000, 5);
    await pass(250, 0);
    expect(state.alarms).toBe(0);
    await pass(250, 0);
    expect(state.alarms).toBe(1);
  });

  it('does not alarm before anything came, for nobody, or for one person alone', async () => {
    const { state, pass } = world();
    await pass(2_000, 0);
    state.talkers = 1;
    await pass(500, 5);
    await pass(3_000, 0);
    state.talkers = 0;
    await pass(3_000, 0);
    expect(state.alarms).toBe(0);
  });

  it('counts the silence from when somebody ought to be heard', async () => {
    const { state, pass } = world();
    await pass(500, 5);
    state.talkers = 0;
    await pass(3_000, 0);
    state.talkers = 2;
    await pass(250, 0);
    expect(state.alarms).toBe(0);
    await pass(250, 0);
    expect(state.alarms).toBe(1);
  });

  it('takes one person as enough after the network changed', async () => {
    const { state, watch, pass } = world();
    state.talkers = 1;
    watch.start();
    await pass(500, 5);
    window.dispatchEvent(new Event('online'));
    await pass(500, 0);
    watch.close();
    expect(state.alarms).toBe(1);
  });

  it('pauses longer after each alarm that did not help', async () => {
    const { state, pass } = world();
    await pass(500, 5);
    await pass(500, 0);
    await pass(250, 5);
    await pass(4_000, 0);
    expect(state.alarms).toBe(1);
    await pass(1_000, 0);
    expect(state.alarms).toBe(2);
    await pass(250, 5);
    await pass(9_000, 0);
    expect(state.alarms).toBe(2);
  });
});
