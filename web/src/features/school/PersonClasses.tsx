import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { addToClass, removeFromClass } from '@/api/generated/sdk.gen.ts';
import type { Named, Person } from '@/api/generated/types.gen.ts';
import { peopleQuery } from '@/api/queries.ts';
import { problemWords } from '@/parts/problemText.ts';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import styles from './Page.module.css';

interface Props {
  /** As the list has them now: a press is done when the list says so. */
  person: Person;
  classes: readonly Named[];
  onClose: () => void;
}

/** The classes of somebody who is in the school already; each press holds at once. */
export function PersonClasses({ person, classes, onClose }: Props) {
  const { t } = useTranslation('school');
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: ({ id, member }: { id: string; member: boolean }) => {
      const path = { id, person: person.id };
      return ask(member ? removeFromClass({ path }) : addToClass({ path }));
    },
    onSettled: () => client.invalidateQueries({ queryKey: peopleQuery.queryKey }),
  });
  const failure = change.error ? problemWords(change.error, common) : undefined;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('member.title', { name: person.name })}
      text={t('member.text')}
      closeLabel={common('close')}
      actions={
        <Button look="act" onClick={onClose}>
          {common('done')}
        </Button>
      }
    >
      {failure && (
        <p className={styles.problem} role="alert">
          <strong>{failure.title}.</strong> {failure.text}
        </p>
      )}
      <div className={styles.chips}>
        {classes.map(({ id, name }) => {
          const member = person.classes.some((one) => one.id === id);
          return (
            <button
              key={id}
              type="button"
              className={styles.chip}
              aria-pressed={member}
              disabled={change.isPending}
              onClick={() => change.mutate({ id, member })}
            >
              {name}
            </button>
          );
        })}
      </div>
    </Dialog>
  );
}
