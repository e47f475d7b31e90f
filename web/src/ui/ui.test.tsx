import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hueOf, initials } from './Avatar.tsx';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { Field } from './Field.tsx';
import { IconButton } from './IconButton.tsx';
import { Select } from './Select.tsx';
import { Spinner } from './Spinner.tsx';
import { Switch } from './Switch.tsx';
import { Toasts, toast } from './Toast.tsx';
import { TooltipProvider } from './Tooltip.tsx';

afterEach(() => vi.useRealTimers());

describe('Avatar', () => {
  it.each([
    ['Анна Петрова', 'АП'],
    ['Борис Константинопольский-Рождественский', 'БК'],
    ['анна', 'А'],
    ['«Звонок» Школа', 'ЗШ'],
    ['  ', ''],
    ['😀 Zoë Å', 'ZÅ'],
  ])('%s is %s', (name, letters) => expect(initials(name)).toBe(letters));

  it('has one colour for one name', () => expect(hueOf('Анна')).toBe(hueOf('Анна')));
});

describe('Button', () => {
  it('keeps the focus and ignores presses while it waits', async () => {
    const press = vi.fn();
    render(
      <Button busy onClick={press}>
        Go
      </Button>,
    );
    const button = screen.getByRole('button', { name: 'Go' });
    await userEvent.click(button);
    expect(press).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(button);
    expect(button.getAttribute('aria-busy')).toBe('true');
  });
});

describe('IconButton', () => {
  it('has its name and its key for screen readers', () => {
    render(
      <TooltipProvider>
        <IconButton icon="mic" label="Mute" shortcut="M" />
      </TooltipProvider>,
    );
    expect(screen.getByRole('button', { name: 'Mute' }).getAttribute('aria-keyshortcuts')).toBe('M');
  });
});

describe('Field', () => {
  it('ties the label and the error to the control', () => {
    render(<Field label="Login" hint="short" error="taken" />);
    const input = screen.getByLabelText('Login');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent).toBe('taken');
    expect(screen.queryByText('short')).toBeNull();
  });
});

describe('Select and Switch', () => {
  it('answer by value', async () => {
    const chosen = vi.fn();
    const switched = vi.fn();
    const options = [
      { value: 'a', label: 'A' },
      { value: 'b', label: 'B' },
    ];
    render(
      <>
        <Select label="Class" value="a" options={options} onChange={chosen} />
        <Switch label="Record" hint="seen by all" checked={false} onChange={switched} />
      </>,
    );
    await userEvent.selectOptions(screen.getByLabelText('Class'), 'b');
    await userEvent.click(screen.getByRole('switch', { name: /Record/ }));
    expect(chosen).toHaveBeenCalledWith('b');
    expect(switched).toHaveBeenCalledWith(true);
  });
});

describe('Dialog', () => {
  it('closes by Escape when it has a cross', async () => {
    const close = vi.fn();
    render(
      <TooltipProvider>
        <Dialog open onClose={close} title="Delete?" text="For good." closeLabel="Close" />
      </TooltipProvider>,
    );
    expect(screen.getByRole('dialog', { name: 'Delete?' })).toBeTruthy();
    await userEvent.keyboard('{Escape}');
    expect(close).toHaveBeenCalled();
  });

  it('stays when there is no cross', async () => {
    const close = vi.fn();
    render(<Dialog open onClose={close} title="Keep the key" />);
    await userEvent.keyboard('{Escape}');
    expect(close).not.toHaveBeenCalled();
  });
});

describe('Spinner', () => {
  it('waits before it turns', () => {
    vi.useFakeTimers();
    render(<Spinner label="Loading" />);
    expect(screen.queryByText('Loading')).toBeNull();
    act(() => void vi.advanceTimersByTime(300));
    expect(screen.getByText('Loading')).toBeTruthy();
  });
});

describe('Toasts', () => {
  it('come, offer a way back and go', () => {
    vi.useFakeTimers();
    const undo = vi.fn();
    render(
      <TooltipProvider>
        <Toasts closeLabel="Close" />
      </TooltipProvider>,
    );
    act(() => toast({ text: 'Gone', action: { label: 'Undo', run: undo } }));
    act(() => screen.getByRole('button', { name: 'Undo' }).click());
    expect(undo).toHaveBeenCalled();
    expect(screen.queryByText('Gone')).toBeNull();
    act(() => toast({ text: 'Saved' }));
    act(() => void vi.advanceTimersByTime(6_000));
    expect(screen.queryByText('Saved')).toBeNull();
  });
});
