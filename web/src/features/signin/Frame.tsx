import type { ReactNode } from 'react';
import { Brand } from '@/parts/Brand.tsx';
import { Preferences } from '@/parts/Preferences.tsx';
import styles from './Frame.module.css';

/** A sheet of paper in the middle of the table: every page for people who are not signed in. */
export function Frame({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <div className={styles.table}>
      <header className={styles.bar}>
        <Brand />
        <Preferences />
      </header>
      <main className={styles.sheet} tabIndex={-1}>
        <title>{title}</title>
        <h1 className={styles.title}>{title}</h1>
        {lead && <p className={styles.lead}>{lead}</p>}
        {children}
      </main>
    </div>
  );
}
