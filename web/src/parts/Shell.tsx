import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { signOut } from '@/api/generated/sdk.gen.ts';
import { meQuery } from '@/api/queries.ts';
import { Avatar } from '@/ui/Avatar.tsx';
import { cx } from '@/ui/cx.ts';
import { Menu, MenuItem, MenuLabel, MenuLine } from '@/ui/Menu.tsx';
import { toast } from '@/ui/Toast.tsx';
import { Brand } from './Brand.tsx';
import { LanguageChoice, ThemeChoice } from './Preferences.tsx';
import { problemWords } from './problemText.ts';
import styles from './Shell.module.css';

function useSignOut() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => ask(signOut()),
    onSuccess: async () => {
      await navigate({ to: '/sign-in', search: {} });
      client.clear();
    },
    onError: (failure) => toast({ tone: 'bad', text: problemWords(failure, t).title }),
  });
}

function Account() {
  const { t } = useTranslation();
  const { person, school } = useSuspenseQuery(meQuery).data;
  const leave = useSignOut();
  const trigger = (
    <button type="button" className={styles.account}>
      <Avatar name={person.name} size={36} />
      <span className="visually-hidden">{t('account.menu', { name: person.name })}</span>
    </button>
  );
  return (
    <Menu trigger={trigger}>
      <MenuLabel>
        <strong>{person.name}</strong>
        <span className={styles.who}>
          {t(`account.${person.role}`)} · {school.name}
        </span>
      </MenuLabel>
      <MenuLine />
      <LanguageChoice />
      <MenuLine />
      <ThemeChoice />
      <MenuLine />
      <MenuItem icon="signOut" onSelect={() => leave.mutate()}>
        {t('account.signOut')}
      </MenuItem>
    </Menu>
  );
}

/** The frame of every page for people who are signed in, except the lesson itself. */
export function Shell({ children, wide = false }: { children: ReactNode; wide?: boolean }) {
  const { t } = useTranslation();
  const { person } = useSuspenseQuery(meQuery).data;
  return (
    <>
      <a className={styles.skip} href="#content">
        {t('skipToContent')}
      </a>
      <header className={cx(styles.bar, wide && styles.wideBar)}>
        <Link to="/" className={styles.home}>
          <Brand />
        </Link>
        {person.role === 'admin' && (
          <nav className={styles.nav} aria-label={t('nav.label')}>
            <Link to="/" className={styles.link}>
              {t('nav.today')}
            </Link>
            <Link to="/school" className={styles.link}>
              {t('nav.school')}
            </Link>
          </nav>
        )}
        <Account />
      </header>
      <main id="content" tabIndex={-1} className={wide ? styles.wide : styles.page}>
        {children}
      </main>
    </>
  );
}
