import { useEffect, useState } from 'react';
import { sharer } from '@/rtc/roomState.ts';
import { Banners } from './Banners.tsx';
import { Bar, type PanelName } from './bar/Bar.tsx';
import { DoorsDialog } from './doors/DoorsDialog.tsx';
import styles from './Inside.module.css';
import { Notices } from './Notices.tsx';
import { ChatPanel } from './panel/ChatPanel.tsx';
import { PeoplePanel } from './panel/PeoplePanel.tsx';
import { useRoom } from './roomContext.tsx';
import { SettingsDialog } from './SettingsDialog.tsx';
import { Sounds } from './Sounds.tsx';
import { MainArea } from './stage/MainArea.tsx';
import { TopLine } from './TopLine.tsx';
import { useKeys } from './useKeys.ts';
import { useWakeLock } from './useWakeLock.ts';

/** What is on my screen, and only on mine. */
function useOwnView() {
  const staff = useRoom((room) => room.permissions.moderate);
  const [chosen, setLayout] = useState<'speaker' | 'grid' | undefined>();
  const [pinned, setPinned] = useState('');
  const [panel, setPanel] = useState<PanelName | undefined>();
  const screen = useRoom((room) => sharer(room)?.id ?? '');
  // A new screen is what the lesson is about now, so it replaces a pinned face.
  const [seen, setSeen] = useState(screen);
  if (screen !== seen) {
    setSeen(screen);
    if (screen) setPinned('');
  }
  // A teacher wants to see the class, a pupil whoever speaks.
  const layout = chosen ?? (staff ? 'grid' : 'speaker');
  return {
    layout,
    pinned,
    panel,
    setPinned,
    closePanel: () => setPanel(undefined),
    togglePanel: (name: PanelName) => setPanel((open) => (open === name ? undefined : name)),
    toggleLayout: () => {
      setPinned('');
      setLayout(layout === 'grid' ? 'speaker' : 'grid');
    },
  } as const;
}

/** The lesson room. */
export function Inside({ onLeave }: { onLeave: () => void }) {
  const view = useOwnView();
  const [settings, setSettings] = useState(false);
  const [doors, setDoors] = useState(false);
  const { layout, pinned, panel, setPinned, togglePanel, toggleLayout } = view;
  useWakeLock();
  useKeys({
    chat: () => togglePanel('chat'),
    people: () => togglePanel('people'),
    layout: toggleLayout,
  });
  useEffect(() => () => void (document.fullscreenElement && document.exitFullscreen()), []);
  return (
    <>
      <TopLine />
      <Banners />
      <main className={styles.middle} tabIndex={-1}>
        <MainArea layout={layout} pinned={pinned} onPin={setPinned} onPeople={() => togglePanel('people')} />
        {panel === 'chat' && <ChatPanel onClose={view.closePanel} />}
        {panel === 'people' && <PeoplePanel onClose={view.closePanel} />}
        <Sounds />
      </main>
      <Notices />
      <Bar
        panel={panel}
        onPanel={togglePanel}
        layout={layout}
        onLayout={toggleLayout}
        onSettings={() => setSettings(true)}
        onDoors={() => setDoors(true)}
        onLeave={onLeave}
      />
      {doors && <DoorsDialog onClose={() => setDoors(false)} />}
      <SettingsDialog open={settings} onClose={() => setSettings(false)} />
    </>
  );
}
