import { describe, expect, it } from 'vitest';
import { plan } from './plan.ts';

const desktop = { width: 1264, height: 620, slots: 24, phone: false } as const;
const phone = { width: 344, height: 590, slots: 9, phone: true } as const;
const usual = { share: false, pinned: false, layout: 'speaker', others: 8 } as const;

describe('the main area', () => {
  it('is mine while I am alone', () => {
    expect(plan({ ...desktop, ...usual, others: 0 })).toEqual({ kind: 'alone' });
  });

  it('puts me in the corner of the only other one', () => {
    expect(plan({ ...phone, ...usual, others: 1 })).toMatchObject({ strip: 'corner', main: 'speaker' });
  });

  it('has the others beside the stage on a wide screen, two abreast when they are many', () => {
    expect(plan({ ...desktop, ...usual, others: 3 })).toMatchObject({ strip: 'column' });
    expect(plan({ ...desktop, ...usual, others: 12 })).toMatchObject({ strip: 'pair', seats: 11 });
  });

  it('has them below on a phone, and beside again when it is turned', () => {
    expect(plan({ ...phone, ...usual })).toMatchObject({ strip: 'row', seats: 3 });
    expect(plan({ ...usual, width: 724, height: 240, slots: 9, phone: true })).toMatchObject({
      strip: 'column',
      seats: 2,
    });
  });

  it('shows a screen before anything else but a pinned face', () => {
    expect(plan({ ...desktop, ...usual, layout: 'grid', share: true })).toMatchObject({ main: 'share' });
    expect(plan({ ...desktop, ...usual, share: true, pinned: true })).toMatchObject({ main: 'speaker' });
    expect(plan({ ...phone, ...usual, others: 1, share: true })).toMatchObject({
      main: 'share',
      strip: 'row',
    });
  });

  it('never asks for more pictures than there are slots', () => {
    for (const slots of [4, 9, 24]) {
      for (const layout of ['grid', 'speaker'] as const) {
        for (const size of [desktop, phone]) {
          const planned = plan({ ...usual, ...size, layout, slots, others: 300 });
          if (planned.kind !== 'alone') expect(planned.seats).toBeLessThanOrEqual(slots);
        }
      }
    }
  });
});
