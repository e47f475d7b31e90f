import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { Problem } from '@/api/problem.ts';
import { KeyBackup } from './KeyBackup.tsx';
import { ProblemNote } from './ProblemNote.tsx';
import { timeZones } from './timeZones.ts';

describe('ProblemNote', () => {
  it('is read out with what to do', async () => {
    const { rerender } = render(<ProblemNote failure={null} />);
    expect(screen.queryByRole('alert')).toBeNull();
    rerender(<ProblemNote failure={new Problem('wrong_password', 403)} />);
    expect((await screen.findByRole('alert')).textContent).toMatch(/Caps Lock.*personal link/);
  });
});

describe('KeyBackup', () => {
  it('lets nobody past before they say the key is kept', async () => {
    const done = vi.fn();
    render(<KeyBackup backup="the-key" onDone={done} />);
    const on = await screen.findByRole('button', { name: 'On to the classes' });
    await userEvent.click(on);
    expect(done).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole('checkbox'));
    await userEvent.click(on);
    expect(done).toHaveBeenCalledOnce();
    expect(screen.getByText('the-key')).toBeTruthy();
  });
});

describe('timeZones', () => {
  const zones = timeZones(new Date('2026-11-23T12:00:00Z'), 'en');

  it('go from west to east', () => {
    const at = (zone: string) => zones.findIndex((one) => one.value === zone);
    expect(at('America/New_York')).toBeLessThan(at('Europe/Moscow'));
    expect(at('Europe/Moscow')).toBeLessThan(at('Asia/Vladivostok'));
  });

  it('say how far they are', () => {
    expect(zones.find((one) => one.value === 'Europe/Moscow')?.label).toBe('UTC+03:00 · Moscow');
  });
});
