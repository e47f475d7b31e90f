import 'i18next';
import type common from './ru/common.json';
import type replay from './ru/replay.json';
import type room from './ru/room.json';
import type school from './ru/school.json';
import type signin from './ru/signin.json';
import type today from './ru/today.json';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: {
      common: typeof common;
      signin: typeof signin;
      today: typeof today;
      room: typeof room;
      replay: typeof replay;
      school: typeof school;
    };
  }
}
